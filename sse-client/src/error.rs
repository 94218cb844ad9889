use std::{error, fmt, sync::Arc, time::Duration};

use http::{HeaderMap, StatusCode, response::Parts};
use sse_core::Received;
use tokio::time::timeout;

use crate::transport::{ResponseBody, TransportError};

/// Why there is no event, or why a connection failed.
///
/// [`kind`](Self::kind) says what happened, `source()` why.
/// The message repeats nothing of what the server sent but its status.
/// Shareable between threads: `Send + Sync`.
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    source: Option<Source>,
    response: Option<Parts>,
    body: Option<ResponseBody>,
    received: Option<Received>,
    last: bool,
}

#[derive(Debug)]
enum Source {
    Owned(Box<dyn error::Error + Send + Sync>),
    Shared(Arc<Error>),
}

/// What happened.
///
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ErrorKind {
    /// The address is not one of `http` or `https`.
    Address,
    /// The response's status is not 200.
    Status,
    /// The response is not an event stream.
    MediaType,
    /// The response is compressed in a way that was not asked for.
    ContentEncoding,
    /// The response did not pass the check that was set with [`check_response`](crate::EventSource::check_response).
    Check,
    /// There were too many redirects, or one that leads nowhere or to where none is [followed](crate::Redirects).
    Redirect,
    /// The server could not be reached, or the connection was cut.
    Transport,
    /// No byte came for as long as the idle timeout.
    IdleTimeout,
    /// The response has ended, as it should. It is seen only as the cause of a reconnection.
    Ended,
    /// An event breaks a limit.
    Decode,
    /// The request's body is a stream, and would have to be sent again.
    Body,
    /// No header can carry the last event ID.
    LastEventId,
    /// There were too many failures in a row; the last one is the source.
    RetriesExhausted,
    /// The event source was closed with a cause, which is the source.
    Closed,
    /// The event stream ended before its end marker, which was required.
    UnfinishedStream,
    /// The data is not the JSON that was asked for.
    Json,
    /// A hub says that events are missing: an event of the type `hub.gap` came where values were asked for.
    Gap,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner {
            kind,
            source: None,
            response: None,
            body: None,
            received: None,
            last: true,
        }))
    }

    pub(crate) fn because(
        kind: ErrorKind,
        source: impl Into<Box<dyn error::Error + Send + Sync>>,
    ) -> Self {
        let mut error = Self::new(kind);
        error.0.source = Some(Source::Owned(source.into()));
        error
    }

    pub(crate) fn after(kind: ErrorKind, source: Arc<Self>) -> Self {
        let mut error = Self::new(kind);
        error.0.source = Some(Source::Shared(source));
        error
    }

    pub(crate) fn with_response(mut self, response: Parts) -> Self {
        self.0.response = Some(response);
        self
    }

    pub(crate) fn with_body(mut self, body: Option<ResponseBody>) -> Self {
        self.0.body = body;
        self
    }

    pub(crate) fn not_last(mut self) -> Self {
        self.0.last = false;
        self
    }

    /// Makes it one that is about an event, and after which others come.
    #[cfg(feature = "json")]
    pub(crate) fn at(mut self, received: Received) -> Self {
        self.0.received = Some(received);
        self.not_last()
    }

    /// Whether every attempt would meet it.
    pub(crate) fn is_lasting(&self) -> bool {
        error::Error::source(self)
            .and_then(|source| source.downcast_ref::<TransportError>())
            .is_some_and(TransportError::is_lasting)
    }

    /// Returns what happened.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Tells whether no event comes after this error.
    pub fn is_final(&self) -> bool {
        self.0.last
    }

    /// Returns the status of the response that was refused, also if this error only followed from it; see [`cause`](Self::cause).
    pub fn status(&self) -> Option<StatusCode> {
        self.response().map(|response| response.status)
    }

    /// Returns the headers of the response that was refused, as [`status`](Self::status) does.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.response().map(|response| &response.headers)
    }

    /// Reads at most 1 MiB of the body of the response that was refused; empty if there was none, or if it was read before.
    ///
    /// [`into_body`](Self::into_body) has no bounds.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if the body does not come to its end, or not within 30 seconds.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the body.
    pub async fn body(&mut self) -> Result<bytes::Bytes, TransportError> {
        match self.0.body.take() {
            Some(body) => timeout(BODY_TIME, body.read(BODY))
                .await
                .unwrap_or_else(|elapsed| Err(TransportError::new(elapsed))),
            None => Ok(bytes::Bytes::new()),
        }
    }

    /// Gives the body of the response that was refused, unless it was read before.
    pub fn into_body(self) -> Option<ResponseBody> {
        self.0.body
    }

    /// Returns the event that this error is about: one that is not the JSON that was asked for, or that says that events are missing.
    pub fn received(&self) -> Option<&Received> {
        self.0.received.as_ref()
    }

    /// Returns the error that led to this one if it is ours, too: the last failure of those that exhausted the retries.
    pub fn cause(&self) -> Option<&Self> {
        match &self.0.source {
            Some(Source::Shared(cause)) => Some(cause),
            _ => None,
        }
    }

    fn response(&self) -> Option<&Parts> {
        let response = self.0.response.as_ref();
        response.or_else(|| self.cause()?.response())
    }
}

/// An error's body is a message for people or programs, not a download.
const BODY: usize = 1024 * 1024;
const BODY_TIME: Duration = Duration::from_secs(30);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.kind {
            ErrorKind::Address => "address must be an absolute one of http or https",
            ErrorKind::Status => match self.status() {
                Some(status) => return write!(f, "status must be 200, and is {status}"),
                None => "status must be 200",
            },
            ErrorKind::MediaType => "media type must be text/event-stream",
            ErrorKind::ContentEncoding => "content encoding must be one that was asked for",
            ErrorKind::Check => "response must pass the check",
            ErrorKind::Redirect => {
                "redirect must lead to an address that is followed, in a bounded number of steps"
            }
            ErrorKind::Transport => "connection failed",
            ErrorKind::IdleTimeout => "connection was silent for too long",
            ErrorKind::Ended => "response has ended",
            ErrorKind::Decode => "event stream cannot be decoded",
            ErrorKind::Body => "request body is a stream, which cannot be sent again",
            ErrorKind::LastEventId => "last event ID cannot be sent",
            ErrorKind::RetriesExhausted => "too many failures in a row",
            ErrorKind::Closed => "event source was closed",
            ErrorKind::UnfinishedStream => "event stream must not end before its end marker",
            ErrorKind::Gap => "events are missing here",
            ErrorKind::Json => "data must be the JSON that was asked for",
        })
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &self.0.kind);
        if let Some(status) = self.status() {
            debug.field("status", &status);
        }
        if let Some(source) = error::Error::source(self) {
            debug.field("source", &source);
        }
        debug.field("is_final", &self.0.last).finish()
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self.0.source.as_ref()? {
            Source::Owned(source) => Some(&**source),
            Source::Shared(source) => Some(source),
        }
    }
}
