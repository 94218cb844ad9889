use std::fmt;
use std::io;

/// Why a server under test does not pass a check.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure(String);

impl Failure {
    /// Makes a failure from what was expected and what was seen.
    pub fn new(text: impl fmt::Display) -> Self {
        Self(text.to_string())
    }

    /// Says first in which of several cases it was.
    pub fn within(self, case: impl fmt::Display) -> Self {
        Self(format!("{case}: {}", self.0))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl From<h2::Error> for Failure {
    fn from(error: h2::Error) -> Self {
        Self::new(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(error)
    }
}
