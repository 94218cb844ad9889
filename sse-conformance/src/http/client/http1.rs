use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::reply::{Body, Headers};
use super::{Leave, Reply, Request};
use crate::http::Failure;

/// An HTTP/1.1 connection, with the bytes read but not yet used.
#[derive(Debug)]
pub(crate) struct Http1 {
    buffer: Vec<u8>,
    framing: Framing,
    stream: TcpStream,
}

/// How the end of a body is known.
#[derive(Clone, Copy, Debug)]
enum Framing {
    /// At its end chunk.
    Chunked,
    /// After so many bytes.
    Length(usize),
    /// When the connection closes.
    UntilClose,
}

impl Http1 {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            buffer: Vec::new(),
            framing: Framing::Length(0),
            stream,
        }
    }

    pub(crate) async fn send(mut self, request: &Request) -> Result<Reply, Failure> {
        let Request {
            method,
            target,
            headers,
        } = request;
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\n").into_bytes();
        for (name, value) in headers {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        self.stream.write_all(&head).await?;

        let (status, headers) = self.read_head().await?;
        self.framing = framing(method, status, &headers)?;
        Ok(Reply::new(status, headers, Body::Http1(self)))
    }

    /// Reads one chunk, `None` at the proper end of the body.
    ///
    /// May be cancelled: what was read stays.
    pub(crate) async fn frame(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        match self.framing {
            Framing::Chunked => self.chunk().await,
            Framing::Length(0) => Ok(None),
            Framing::Length(length) => {
                self.fill(length).await?;
                self.framing = Framing::Length(0);
                Ok(Some(self.buffer.drain(..length).collect()))
            }
            Framing::UntilClose => {
                if self.buffer.is_empty() && self.stream.read_buf(&mut self.buffer).await? == 0 {
                    return Ok(None);
                }
                Ok(Some(std::mem::take(&mut self.buffer)))
            }
        }
    }

    pub(crate) fn leave(mut self, leave: Leave) -> Result<(), Failure> {
        match leave {
            // Unread bytes would turn the FIN into a RST.
            Leave::Close => {
                while self
                    .stream
                    .try_read_buf(&mut self.buffer)
                    .is_ok_and(|n| n > 0)
                {}
            }
            Leave::Reset => SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))?,
        }
        Ok(())
    }

    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let line = self.find(b"\r\n", 0).await?;
        let text = std::str::from_utf8(&self.buffer[..line]).unwrap_or_default();
        let size = usize::from_str_radix(text, 16)
            .map_err(|_| Failure::new(format!("bad chunk size {text:?}")))?;
        let start = line + 2;
        self.fill(start + size + 2).await?;
        if self.buffer[start + size..start + size + 2] != *b"\r\n" {
            return Err(Failure::new("a chunk does not end with CRLF"));
        }
        let chunk: Vec<u8> = self
            .buffer
            .drain(..start + size + 2)
            .skip(start)
            .take(size)
            .collect();
        if size == 0 {
            self.framing = Framing::Length(0);
            return Ok(None);
        }
        Ok(Some(chunk))
    }

    async fn read_head(&mut self) -> Result<(u16, Headers), Failure> {
        let end = self.find(b"\r\n\r\n", 0).await?;
        let head: Vec<u8> = self.buffer.drain(..end + 4).take(end).collect();
        let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        let status_line = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
        let status = status_line
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3)?.parse().ok());
        let status =
            status.ok_or_else(|| Failure::new(format!("bad status line {status_line:?}")))?;
        let headers = lines.map(|line| {
            let colon = line
                .iter()
                .position(|&byte| byte == b':')
                .unwrap_or(line.len());
            let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
            let value = String::from_utf8_lossy(line.get(colon + 1..).unwrap_or_default());
            (name, value.trim().to_owned())
        });
        Ok((status, Headers(headers.collect())))
    }

    async fn find(&mut self, wanted: &[u8], from: usize) -> Result<usize, Failure> {
        let mut from = from;
        loop {
            let rest = self.buffer.get(from..).unwrap_or_default();
            if let Some(at) = rest.windows(wanted.len()).position(|bytes| bytes == wanted) {
                return Ok(from + at);
            }
            from = self.buffer.len().saturating_sub(wanted.len() - 1);
            self.fill(self.buffer.len() + 1).await?;
        }
    }

    async fn fill(&mut self, length: usize) -> Result<(), Failure> {
        while self.buffer.len() < length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(Failure::new(
                    "the connection closed in the middle of the response",
                ));
            }
        }
        Ok(())
    }
}

fn framing(method: &str, status: u16, headers: &Headers) -> Result<Framing, Failure> {
    if method == "HEAD" || status == 204 || status == 304 {
        return Ok(Framing::Length(0));
    }
    if headers
        .all("transfer-encoding")
        .any(|value| value == "chunked")
    {
        return Ok(Framing::Chunked);
    }
    match headers.all("content-length").next() {
        None => Ok(Framing::UntilClose),
        Some(length) => match length.parse() {
            Ok(length) => Ok(Framing::Length(length)),
            Err(_) => Err(Failure::new(format!("bad content-length {length:?}"))),
        },
    }
}
