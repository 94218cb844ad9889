use std::{collections::VecDeque, error::Error, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use sse_core::MEDIA_TYPE;

use super::error::TransportError;

/// What a [`MemoryTransport`](super::MemoryTransport) answers to one request.
///
/// The body's parts come in the order in which they are added; after the last one it ends.
///
/// ```
/// use std::time::Duration;
/// use sse_client::Reply;
///
/// let reply = Reply::events()
///     .chunk("id: 1\ndata: first\n\n")
///     .pause(Duration::from_secs(5))
///     .chunk("id: 2\ndata: sec")
///     .error("connection reset");
/// ```
#[derive(Debug)]
pub struct Reply {
    pub(super) pause: Duration,
    pub(super) outcome: Outcome,
    pub(super) headers: HeaderMap,
    pub(super) parts: VecDeque<Part>,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Response(StatusCode),
    Refused(TransportError),
    Silence,
}

#[derive(Debug)]
pub(super) enum Part {
    Chunk(Bytes),
    Pause(Duration),
    Error(TransportError),
    Hang,
}

impl Reply {
    /// Answers with status 200 and the media type of an event stream.
    pub fn events() -> Self {
        Self::status(StatusCode::OK).header(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))
    }

    /// Answers with a status.
    pub fn status(status: StatusCode) -> Self {
        Self::with(Outcome::Response(status))
    }

    /// Answers with a redirect to `location`.
    ///
    /// # Panics
    ///
    /// If `location` cannot be the value of a header.
    pub fn redirect(status: StatusCode, location: &str) -> Self {
        let location = HeaderValue::from_str(location).expect("the location is a header's value");
        Self::status(status).header(http::header::LOCATION, location)
    }

    /// Gives no response but an error, as if the connection was refused.
    pub fn refused(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::with(Outcome::Refused(TransportError::new(cause)))
    }

    /// Never answers.
    pub fn silence() -> Self {
        Self::with(Outcome::Silence)
    }

    /// Sets a header of the response.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Answers only after this time.
    pub fn after(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Adds bytes to the body; they come as one chunk.
    pub fn chunk(self, bytes: impl Into<Bytes>) -> Self {
        self.part(Part::Chunk(bytes.into()))
    }

    /// Adds silence to the body.
    pub fn pause(self, time: Duration) -> Self {
        self.part(Part::Pause(time))
    }

    /// Cuts the body here.
    pub fn error(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.part(Part::Error(TransportError::new(cause)))
    }

    /// Lets the body stay open from here on, silent for ever.
    pub fn hang(self) -> Self {
        self.part(Part::Hang)
    }

    fn with(outcome: Outcome) -> Self {
        Self {
            pause: Duration::ZERO,
            outcome,
            headers: HeaderMap::new(),
            parts: VecDeque::new(),
        }
    }

    fn part(mut self, part: Part) -> Self {
        self.parts.push_back(part);
        self
    }
}
