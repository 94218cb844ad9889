//! An HTTP response over a bare socket, read as it comes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// A response of HTTP/1.1, as much of it as was read.
#[derive(Debug)]
pub(crate) struct Response {
    socket: TcpStream,
    bytes: Vec<u8>,
}

impl Response {
    /// Sends a GET request with more header lines.
    pub(crate) fn get(url: &str, headers: &[&str]) -> Result<Self> {
        Self::send("GET", url, headers, "")
    }

    /// Sends a POST request with text.
    pub(crate) fn post_text(url: &str, body: &str) -> Result<Self> {
        Self::send("POST", url, &["content-type: text/plain"], body)
    }

    /// Sends a POST request with a body of JSON.
    pub(crate) fn post(url: &str, body: &str) -> Result<Self> {
        Self::send("POST", url, &["content-type: application/json"], body)
    }

    /// Sends any request.
    pub(crate) fn send(method: &str, url: &str, headers: &[&str], body: &str) -> Result<Self> {
        let rest = url.strip_prefix("http://").context("a URL of http")?;
        let (host, path) = rest.split_once('/').context("a path")?;
        let mut socket = TcpStream::connect(host).with_context(|| url.to_owned())?;
        socket.set_read_timeout(Some(TICK))?;
        let headers: String = headers.iter().map(|line| [line, "\r\n"].concat()).collect();
        let length = body.len();
        let head = format!("{method} /{path} HTTP/1.1\r\nhost: {host}\r\n{headers}");
        write!(socket, "{head}content-length: {length}\r\n\r\n{body}")?;
        Ok(Self {
            socket,
            bytes: Vec::new(),
        })
    }

    /// Reads on until the body holds a text so many times.
    ///
    /// # Errors
    ///
    /// It does not within 10 s, or the response is over before.
    pub(crate) fn wait_for(&mut self, text: &str, times: usize) -> Result<String> {
        let enough = |body: &Body| body.text.matches(text).count() >= times;
        let body = self.read_until(enough)?;
        ensure!(
            enough(&body),
            "{text:?} is not {times} times in {:?}",
            body.text
        );
        Ok(body.text)
    }

    /// Reads to the end of the body, which must be a proper one, not just the end of the connection.
    pub(crate) fn end(&mut self) -> Result<String> {
        let body = self.read_until(|_| false)?;
        ensure!(
            body.is_over,
            "the connection was cut in the middle of the body"
        );
        Ok(body.text)
    }

    /// The status line and the headers, once they are read.
    pub(crate) fn head(&self) -> String {
        self.text()
            .split("\r\n\r\n")
            .next()
            .unwrap_or_default()
            .to_lowercase()
    }

    fn read_until(&mut self, enough: impl Fn(&Body) -> bool) -> Result<Body> {
        let start = Instant::now();
        let mut buffer = [0; 4096];
        loop {
            let body = self.body();
            if body.is_over || enough(&body) {
                return Ok(body);
            }
            ensure!(
                start.elapsed() < LIMIT,
                "nothing more came after {:?}",
                self.text()
            );
            match self.socket.read(&mut buffer) {
                Ok(0) => return Ok(body),
                Ok(length) => self.bytes.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => bail!("{error} after {:?}", self.text()),
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    fn body(&self) -> Body {
        let text = self.text();
        let Some((head, rest)) = text.split_once("\r\n\r\n") else {
            return Body::default();
        };
        let head = head.to_lowercase();
        if head.contains("transfer-encoding: chunked") {
            return Body::of_chunks(rest);
        }
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        Body {
            is_over: rest.len() >= length,
            text: rest.to_owned(),
        }
    }
}

#[derive(Debug, Default)]
struct Body {
    text: String,
    is_over: bool,
}

impl Body {
    /// Joins the whole chunks; an empty one is the proper end.
    fn of_chunks(mut rest: &str) -> Self {
        let mut body = Self::default();
        while let Some((size, after)) = rest.split_once("\r\n") {
            let Ok(size) = usize::from_str_radix(size, 16) else {
                break;
            };
            let Some((chunk, after)) = after.split_at_checked(size) else {
                break;
            };
            let Some(after) = after.strip_prefix("\r\n") else {
                break;
            };
            body.text.push_str(chunk);
            body.is_over = size == 0;
            rest = after;
        }
        body
    }
}

/// How often a silent socket is looked away from, to see whether the time is over.
const TICK: Duration = Duration::from_millis(100);

/// Long enough for ten events of a clock.
const LIMIT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(chunks: &str, text: &str, is_over: bool) {
        let body = Body::of_chunks(chunks);
        assert_eq!((body.text.as_str(), body.is_over), (text, is_over));
    }

    #[test]
    fn only_an_empty_chunk_ends_a_body() {
        check("3\r\n:\n\n\r\n2\r\nab\r\n0\r\n\r\n", ":\n\nab", true);
        check("3\r\n:\n\n\r\n", ":\n\n", false);
        check("3\r\n:\n\n\r\n5\r\nab", ":\n\n", false);
        check("0\r\n", "", false);
        check("", "", false);
    }
}
