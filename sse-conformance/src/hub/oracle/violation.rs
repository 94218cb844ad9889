use std::fmt;

/// What a record shows to be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    check: &'static str,
    what: String,
}

impl Violation {
    pub(crate) fn new(check: &'static str, what: impl Into<String>) -> Self {
        Self {
            check,
            what: what.into(),
        }
    }

    /// The check that found it.
    pub fn check(&self) -> &'static str {
        self.check
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.what)
    }
}

/// The checks, by the names under which they report.
pub(super) const ORDER: &str = "order";
pub(super) const LOSS: &str = "loss";
pub(super) const TRUTH: &str = "truth";
pub(super) const RESUME: &str = "resume";
pub(super) const START: &str = "start";
pub(super) const GAP: &str = "gap";
pub(super) const ACK: &str = "ack";
pub(super) const END: &str = "end";
pub(super) const LAG: &str = "lag";
pub(super) const LIVENESS: &str = "liveness";
pub(super) const MEMORY: &str = "memory";
pub(super) const PRESENCE: &str = "presence";
