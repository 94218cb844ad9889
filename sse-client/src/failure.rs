use http::StatusCode;

use crate::error::{Error, ErrorKind};

/// A failure about which it is to be decided whether another connection is made.
///
/// Shareable between threads: `Send + Sync`.
#[derive(Debug)]
pub struct Failure {
    error: Error,
    ever_open: bool,
}

/// Whether another connection is made.
///
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Verdict {
    /// It is, after the delay of the backoff and unless that gives up.
    Retry,
    /// It is not: the failure is final.
    Stop,
}

impl Failure {
    pub(crate) fn new(error: Error, ever_open: bool) -> Self {
        Self { error, ever_open }
    }

    pub(crate) fn into_error(self) -> Error {
        self.error
    }

    /// Returns what happened.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Tells whether there has been a connection that was open, now or earlier.
    pub fn was_ever_open(&self) -> bool {
        self.ever_open
    }

    /// Returns what is decided without a rule of one's own.
    ///
    /// Another connection is made after the end of a response, a silence, an error of the network, and the statuses 408, 425,
    /// 429, 500, 502, 503 and 504.
    /// Other statuses, a wrong media type, and what every attempt would meet again are final.
    pub fn verdict(&self) -> Verdict {
        let retry = match self.error.kind() {
            ErrorKind::Ended | ErrorKind::IdleTimeout => true,
            ErrorKind::Transport => !self.error.is_lasting(),
            ErrorKind::Status | ErrorKind::Check => self.error.status().is_some_and(is_passing),
            _ => false,
        };
        if retry { Verdict::Retry } else { Verdict::Stop }
    }
}

/// Whether the server may answer otherwise next time.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}
