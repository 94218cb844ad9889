//! A response as it comes: its head, then a body in chunks or until the end.

use anyhow::{Result, bail};
use memchr::memmem;

/// Where in the response the next byte lies.
#[derive(Debug)]
pub(crate) enum Framing {
    Head(Vec<u8>),
    /// The hexadecimal digits so far.
    Size(u64),
    /// After the digits, up to the line end.
    SizeEnd(u64),
    /// So many bytes, and the line end after them.
    Data(u64),
    DataEnd,
    /// A body without chunks.
    Plain,
    Finished,
}

impl Framing {
    pub(crate) fn new() -> Self {
        Self::Head(Vec::new())
    }

    pub(crate) fn is_head(&self) -> bool {
        matches!(self, Self::Head(_))
    }

    pub(crate) fn is_finished(&self) -> bool {
        matches!(self, Self::Finished)
    }

    /// Takes off what is no body and returns the next piece of body with what follows it.
    ///
    /// # Errors
    ///
    /// The response is no success, or breaks the rules of chunks.
    pub(crate) fn next<'a>(&mut self, mut input: &'a [u8]) -> Result<Option<(&'a [u8], &'a [u8])>> {
        while let Some(&first) = input.first() {
            match self {
                Self::Head(head) => {
                    let before = head.len();
                    head.extend_from_slice(input);
                    let Some(end) = memmem::find(head, b"\r\n\r\n") else {
                        return Ok(None);
                    };
                    let body = body_framing(&head[..end])?;
                    input = &input[end + 4 - before..];
                    *self = body;
                }
                Self::Size(size) => {
                    match (first as char).to_digit(16) {
                        Some(digit) if *size < 1 << 40 => *size = *size << 4 | u64::from(digit),
                        _ if matches!(first, b'\r' | b';') => *self = Self::SizeEnd(*size),
                        _ => bail!("byte {first} in the size of a chunk"),
                    }
                    input = &input[1..];
                }
                Self::SizeEnd(size) => {
                    if first == b'\n' {
                        *self = match *size {
                            0 => Self::Finished,
                            size => Self::Data(size),
                        };
                    }
                    input = &input[1..];
                }
                Self::Data(left) => {
                    let len = input.len().min(*left as usize);
                    *left -= len as u64;
                    if *left == 0 {
                        *self = Self::DataEnd;
                    }
                    return Ok(Some(input.split_at(len)));
                }
                Self::DataEnd => {
                    match first {
                        b'\r' => {}
                        b'\n' => *self = Self::Size(0),
                        _ => bail!("byte {first} after a chunk"),
                    }
                    input = &input[1..];
                }
                Self::Plain => return Ok(Some((input, &[]))),
                Self::Finished => return Ok(None),
            }
        }
        Ok(None)
    }
}

fn body_framing(head: &[u8]) -> Result<Framing> {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    if !head.starts_with("http/1.1 200") {
        bail!("the response begins {:?}", head.lines().next());
    }
    if !head.contains("\r\ncontent-type: text/event-stream") {
        bail!("the response is no event stream:\n{head}");
    }
    Ok(if head.contains("\r\ntransfer-encoding: chunked") {
        Framing::Size(0)
    } else {
        Framing::Plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
        transfer-encoding: chunked\r\n\r\n3\r\n:\n\n\r\n10;x\r\n0123456789abcdef\r\n0\r\n\r\n";

    fn body(pieces: &[&[u8]]) -> Result<(Vec<u8>, bool)> {
        let (mut framing, mut body) = (Framing::new(), Vec::new());
        for mut piece in pieces.iter().copied() {
            while let Some((data, rest)) = framing.next(piece)? {
                body.extend_from_slice(data);
                piece = rest;
            }
        }
        Ok((body, framing.is_finished()))
    }

    #[test]
    fn a_response_cut_anywhere_has_the_same_body() {
        let whole = (b":\n\n0123456789abcdef".to_vec(), true);
        for cut in 0..RESPONSE.len() {
            let (a, b) = RESPONSE.split_at(cut);
            assert_eq!(body(&[a, b]).unwrap(), whole, "{cut}");
        }
    }

    #[test]
    fn what_is_no_event_stream_is_an_error() {
        assert!(body(&[b"HTTP/1.1 503 Busy\r\n\r\n"]).is_err());
        assert!(body(&[b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n"]).is_err());
        assert!(body(&[&RESPONSE[..RESPONSE.len() - 5], b"zz"]).is_err());
    }
}
