//! What small files are made of: a title, texts, and a checksum of everything.

use bytes::{Buf as _, BufMut as _, Bytes};
use bytestring::ByteString;

/// Ends a file.
pub(super) fn put_sum(out: &mut Vec<u8>) {
    out.put_u32_le(crc32c::crc32c(out));
}

/// What stands between the title and the sum of a file; `None` if it is not whole.
pub(super) fn checked(bytes: &Bytes, title: &[u8]) -> Option<Bytes> {
    let end = bytes.len().checked_sub(4)?;
    let sum = bytes.slice(end..).get_u32_le();
    let mut bytes = bytes.slice(..end);
    let is_whole = crc32c::crc32c(&bytes) == sum && bytes.starts_with(title);
    bytes.advance(title.len().min(end));
    is_whole.then_some(bytes)
}

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
