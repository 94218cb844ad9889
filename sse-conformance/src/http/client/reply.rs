use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::gunzip::Gunzip;
use super::http1::Http1;
use super::http2::Http2Body;
use super::{Connection, Leave};
use crate::http::Failure;

/// A response: its head, and its body as it comes.
#[derive(Debug)]
pub(crate) struct Reply {
    body: Body,
    gunzip: Option<Gunzip>,
    /// Bytes that came with others and were not yet asked for.
    early: Vec<u8>,
    pub(crate) headers: Headers,
    pub(crate) status: u16,
}

/// Header fields in the order of the wire, names in lower case.
#[derive(Clone, Debug)]
pub(crate) struct Headers(pub(crate) Vec<(String, String)>);

/// How a body ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// With its end chunk, or with the flag `END_STREAM`.
    Proper,
    /// In any other way.
    Broken(String),
}

#[derive(Debug)]
pub(crate) enum Body {
    Http1(Http1),
    Http2(Http2Body),
}

impl Headers {
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }
}

impl Reply {
    pub(crate) fn new(status: u16, headers: Headers, body: Body) -> Self {
        let gzip = headers.all("content-encoding").any(|value| value == "gzip");
        Self {
            body,
            gunzip: gzip.then(Gunzip::new),
            early: Vec::new(),
            headers,
            status,
        }
    }

    /// Demands that the next bytes of the body are exactly these, and there by `patience`.
    pub(crate) async fn expect(
        &mut self,
        expected: impl AsRef<[u8]>,
        patience: Duration,
    ) -> Result<(), Failure> {
        let expected = expected.as_ref();
        let deadline = Instant::now() + patience;
        while self.early.len() < expected.len() && expected.starts_with(&self.early) {
            match timeout_at(deadline, self.frame()).await {
                Ok(Ok(Some(bytes))) => self.early.extend(bytes),
                Ok(Ok(None)) => return Err(self.unlike(expected, "the body ended")),
                Ok(Err(error)) => return Err(self.unlike(expected, &error.to_string())),
                Err(_) => return Err(self.unlike(expected, &format!("{patience:?} passed"))),
            }
        }
        if !self.early.starts_with(expected) {
            return Err(self.unlike(expected, "came"));
        }
        self.early.drain(..expected.len());
        Ok(())
    }

    /// Demands that nothing comes for as long as `window`, not even the end.
    pub(crate) async fn expect_silence(&mut self, window: Duration) -> Result<(), Failure> {
        if !self.early.is_empty() {
            return Err(Failure::new(format!("unexpected {}", excerpt(&self.early))));
        }
        match timeout_at(Instant::now() + window, self.frame()).await {
            Err(_) => Ok(()),
            Ok(Ok(Some(bytes))) => Err(Failure::new(format!("unexpected {}", excerpt(&bytes)))),
            Ok(Ok(None)) => Err(Failure::new("the body ended in the middle of the stream")),
            Ok(Err(error)) => Err(error),
        }
    }

    /// Reads to the end of the body.
    pub(crate) async fn rest(&mut self, patience: Duration) -> Result<(Vec<u8>, Ending), Failure> {
        let deadline = Instant::now() + patience;
        let mut bytes = std::mem::take(&mut self.early);
        loop {
            match timeout_at(deadline, self.frame()).await {
                Ok(Ok(Some(more))) => bytes.extend(more),
                Ok(Ok(None)) => return Ok((bytes, Ending::Proper)),
                Ok(Err(error)) => return Ok((bytes, Ending::Broken(error.to_string()))),
                Err(_) => {
                    let so_far = excerpt(&bytes);
                    return Err(Failure::new(format!(
                        "no end after {patience:?}, but {so_far}"
                    )));
                }
            }
        }
    }

    /// Demands these bytes, then the proper end.
    pub(crate) async fn expect_end(
        &mut self,
        expected: impl AsRef<[u8]>,
        patience: Duration,
    ) -> Result<(), Failure> {
        self.expect(expected, patience).await?;
        match self.rest(patience).await? {
            (rest, Ending::Proper) if rest.is_empty() => Ok(()),
            (rest, ending) => Err(Failure::new(format!(
                "then {} and {ending:?}",
                excerpt(&rest)
            ))),
        }
    }

    /// Reads one chunk or DATA frame as it was sent, `None` at the proper end of the body.
    pub(crate) async fn frame(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let frame = match &mut self.body {
            Body::Http1(body) => body.frame().await?,
            Body::Http2(body) => body.frame().await?,
        };
        match (frame, &mut self.gunzip) {
            (Some(bytes), Some(gunzip)) => Ok(Some(gunzip.push(&bytes)?)),
            (frame, _) => Ok(frame),
        }
    }

    /// How many frames without bytes have come; on HTTP/1.1 such a chunk is the end.
    pub(crate) fn empty_frames(&self) -> usize {
        match &self.body {
            Body::Http1(_) => 0,
            Body::Http2(body) => body.empty_frames(),
        }
    }

    pub(crate) fn expect_status(&self, expected: u16) -> Result<(), Failure> {
        match self.status {
            status if status == expected => Ok(()),
            status => Err(Failure::new(format!(
                "status {status} instead of {expected}"
            ))),
        }
    }

    /// Leaves without reading on.
    pub(crate) fn leave(self, leave: Leave) -> Result<(), Failure> {
        match self.body {
            Body::Http1(body) => body.leave(leave),
            Body::Http2(body) => {
                body.leave(leave);
                Ok(())
            }
        }
    }

    /// The connection again: on HTTP/1.1 the body must have been read.
    pub(crate) fn into_connection(self) -> Connection {
        match self.body {
            Body::Http1(connection) => Connection::Http1(connection),
            Body::Http2(body) => Connection::Http2(body.connection()),
        }
    }

    fn unlike(&self, expected: &[u8], why: &str) -> Failure {
        let (got, expected) = (excerpt(&self.early), excerpt(expected));
        Failure::new(format!("expected {expected}, got {got} ({why})"))
    }
}

/// Bytes as a text that fits on a few lines.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    const SHOWN: usize = 200;
    let text = bytes[..bytes.len().min(SHOWN)].escape_ascii();
    match bytes.len().saturating_sub(SHOWN) {
        0 => format!("\"{text}\""),
        more => format!("\"{text}\" and {more} bytes more"),
    }
}
