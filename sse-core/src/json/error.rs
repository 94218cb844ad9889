use alloc::string::{String, ToString};
use core::fmt;

/// A value that is no JSON, or JSON that is not the value that was asked for.
///
/// The message says what kind of thing was wrong, which rule of an event's if one was broken, and, where a text was read,
/// at which line and column of it. Neither message nor `Debug` repeats the text, and there is no `source()`:
/// what serde says of it is in [`detail`](Self::detail).
/// Shareable between threads: `Send + Sync`.
pub struct JsonError {
    error: serde_json::Error,
    /// What this crate asks of the text at that place.
    rule: Option<String>,
}

/// What kind of thing was wrong.
///
/// `Send + Sync`.
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
        Self { error, rule: None }
    }

    /// Takes an error of reading an [`Event`](crate::Event), whose rules are this crate's and can be told.
    pub(super) fn of_event(error: serde_json::Error) -> Self {
        let rule = error.is_data().then(|| own_words(&error)).flatten();
        Self { error, rule }
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

    /// Returns what serde says, for people who debug: it may repeat what was read, and shall not go where that must not.
    pub fn detail(&self) -> impl fmt::Display + '_ {
        &self.error
    }
}

/// Returns the part of a message that an event's own rules have written, after the part that repeats input.
fn own_words(error: &serde_json::Error) -> Option<String> {
    let message = error.to_string();
    let place = alloc::format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);
    if message.starts_with('`') || message.starts_with("duplicate field `") {
        return Some(message.into());
    }
    let (_, expected) = message.rsplit_once(", expected ")?;
    Some(alloc::format!("JSON must have {expected}"))
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = (self.line(), self.column());
        if line == 0 {
            return f.write_str("value must be one that JSON can hold");
        }
        let rule = match (&self.rule, self.kind()) {
            (Some(rule), _) => rule,
            (None, JsonErrorKind::Data) => "JSON must fit the type that is read",
            (None, JsonErrorKind::Syntax) if self.error.is_eof() => "JSON must be whole",
            (None, JsonErrorKind::Syntax) => "text must be JSON",
        };
        write!(f, "{rule} at line {line} column {column}")
    }
}

impl fmt::Debug for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonError")
            .field("kind", &self.kind())
            .field("rule", &self.rule)
            .field("line", &self.line())
            .field("column", &self.column())
            .finish_non_exhaustive()
    }
}

impl core::error::Error for JsonError {}
