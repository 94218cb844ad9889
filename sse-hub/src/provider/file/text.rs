//! Short texts in files.

use bytes::{Buf, BufMut, Bytes};
use bytestring::ByteString;

pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    out.put_u16_le(text.len() as u16);
    out.put_slice(text.as_bytes());
}

pub(super) fn text(bytes: &mut Bytes) -> Option<ByteString> {
    let len = usize::from(bytes.try_get_u16_le().ok()?);
    let text = bytes.get(..len).and_then(|it| str::from_utf8(it).ok());
    let text = ByteString::from(text?);
    bytes.advance(len);
    Some(text)
}
