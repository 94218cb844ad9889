use core::error::Error;
use core::fmt;
use core::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;

use crate::Event;

/// What a body sends while its stream is silent, and after how long a silence.
///
/// The default is the comment `:` after 15 seconds: less than the idle limits of common proxies, which begin at 30 seconds.
/// It also makes a server notice a client that left without a word.
///
/// The clock is tokio's. Outside a tokio runtime there is no keep-alive; a runtime built without its timer panics at the first
/// silence, as for everything that sleeps.
/// A client that stopped reading is not helped by a keep-alive: while its socket is blocked, a server does not ask for more.
///
/// Shareable between threads: `Send + Sync`.
///
/// ```
/// use std::time::Duration;
/// use sse_core::{Event, KeepAlive};
///
/// let literal = KeepAlive::every_secs::<20>();
/// let configured = KeepAlive::every(Duration::from_millis(2500)).unwrap_or_default();
/// let event = KeepAlive::every_secs::<5>().event(Event::new("still here"));
/// ```
///
/// An interval of zero does not compile:
///
/// ```compile_fail
/// let endless = sse_core::KeepAlive::every_secs::<0>();
/// ```
#[derive(Clone, Debug)]
pub struct KeepAlive {
    /// Never zero; `None` is off.
    interval: Option<Duration>,
    bytes: Bytes,
}

/// The wire bytes of a comment without text, which no client shows.
pub(super) const SILENT_COMMENT: Bytes = Bytes::from_static(b":\n\n");

impl KeepAlive {
    const DEFAULT_INTERVAL: Duration = Duration::from_secs(15);

    /// Sends the comment `:` after each `SECONDS` seconds of silence; zero does not compile.
    pub const fn every_secs<const SECONDS: u64>() -> Self {
        const {
            assert!(
                SECONDS > 0,
                "a keep-alive interval must be longer than zero"
            );
        };
        Self {
            interval: Some(Duration::from_secs(SECONDS)),
            bytes: SILENT_COMMENT,
        }
    }

    /// Sends the comment `:` after each `MILLIS` milliseconds of silence; zero does not compile.
    pub const fn every_millis<const MILLIS: u64>() -> Self {
        const { assert!(MILLIS > 0, "a keep-alive interval must be longer than zero") };
        Self {
            interval: Some(Duration::from_millis(MILLIS)),
            bytes: SILENT_COMMENT,
        }
    }

    /// Sends the comment `:` after each `interval` of silence.
    ///
    /// # Errors
    /// Refuses an interval of zero.
    pub const fn every(interval: Duration) -> Result<Self, ZeroInterval> {
        if interval.is_zero() {
            return Err(ZeroInterval(()));
        }
        Ok(Self {
            interval: Some(interval),
            bytes: SILENT_COMMENT,
        })
    }

    /// Sends nothing, however long the silence.
    ///
    /// A server then learns that a client left only from the connection itself; actix does not look.
    pub const fn off() -> Self {
        Self {
            interval: None,
            bytes: SILENT_COMMENT,
        }
    }

    /// Sends a comment with this text; a line end in it begins a further comment line.
    #[must_use]
    pub fn comment(self, text: impl Into<ByteString>) -> Self {
        self.event(Event::from_comment(text))
    }

    /// Sends this event; one that encodes to nothing leaves the comment `:`.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "it is built in the call")]
    pub fn event(mut self, event: Event) -> Self {
        let bytes = event.encode().into_bytes();
        self.bytes = if bytes.is_empty() {
            SILENT_COMMENT
        } else {
            bytes
        };
        self
    }

    /// Returns the silence after which something is sent, `None` if nothing is.
    pub const fn interval(&self) -> Option<Duration> {
        self.interval
    }

    pub(super) fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self {
            interval: Some(Self::DEFAULT_INTERVAL),
            bytes: SILENT_COMMENT,
        }
    }
}

/// A keep-alive interval of zero was refused.
///
/// Shareable between threads: `Send + Sync`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZeroInterval(());

impl fmt::Display for ZeroInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a keep-alive interval must be longer than zero")
    }
}

impl Error for ZeroInterval {}
