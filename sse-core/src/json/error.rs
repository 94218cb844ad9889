use core::fmt;

/// A value that is no JSON, or JSON that is not the value that was asked for.
///
/// The message says what was expected and, where a text was read, at which line and column of it.
#[derive(Debug)]
pub struct JsonError {
    error: serde_json::Error,
}

/// What kind of thing was wrong.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum JsonErrorKind {
    /// The text is not JSON, or ends too early.
    Syntax,
    /// The JSON does not fit the type, or the value cannot be written as JSON.
    Data,
}

impl JsonError {
    pub(super) fn new(error: serde_json::Error) -> Self {
        Self { error }
    }

    /// Returns what kind of thing was wrong.
    pub fn kind(&self) -> JsonErrorKind {
        if self.error.is_data() {
            JsonErrorKind::Data
        } else {
            JsonErrorKind::Syntax
        }
    }

    /// Returns the line of the text at which it was noticed, counted from 1; 0 if no text was read.
    pub fn line(&self) -> usize {
        self.error.line()
    }

    /// Returns the column in bytes at which it was noticed, counted from 1; 0 if no text was read.
    pub fn column(&self) -> usize {
        self.error.column()
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl core::error::Error for JsonError {}
