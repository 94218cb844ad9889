use core::fmt;

use super::code::{Code, Level};

/// One thing that a [`Lint`](super::Lint) found, and where.
///
/// Shareable between threads: `Send + Sync`.
///
/// ```
/// use sse_core::{Lint, lint::Code};
///
/// let findings = Lint::spec().check(b"data: x\nretry: 1s\n\n");
/// assert_eq!(findings[0].code, Code::RetryNotDigits);
/// assert_eq!((findings[0].line, findings[0].column, findings[0].offset), (2, 9, 16));
/// assert!(findings[0].to_string().starts_with("line 2, column 9: retry is ignored"));
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Finding {
    /// The line, counted from 1; CRLF, LF and lone CR end a line.
    pub line: u64,
    /// The column in characters, counted from 1.
    ///
    /// What is not UTF-8 counts as the replacement characters that a receiver sees;
    /// the byte order mark that may open a stream has no column.
    pub column: u64,
    /// The offset in bytes from the start of the stream, counted from 0, byte order mark included.
    pub offset: u64,
    /// What was found.
    pub code: Code,
}

impl Finding {
    pub(super) fn new(place: Place, code: Code) -> Self {
        let Place {
            line,
            column,
            offset,
        } = place;
        Self {
            line,
            column,
            offset,
            code,
        }
    }

    /// Returns the level at which this is a finding: [`Level::Strict`] if the strict level alone reports it.
    pub fn level(&self) -> Level {
        self.code.level()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line, column, code, ..
        } = self;
        write!(f, "line {line}, column {column}: {code} [{}]", code.name())
    }
}

/// Where a character stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
    pub(super) offset: u64,
}

impl Place {
    pub(super) const START: Self = Self {
        line: 1,
        column: 1,
        offset: 0,
    };

    /// Returns the place after a character of so many bytes on the same line.
    pub(super) fn after(self, bytes: u64) -> Self {
        Self {
            column: self.column + 1,
            offset: self.offset + bytes,
            ..self
        }
    }

    /// Returns the start of the next line, after a line end of one byte.
    pub(super) fn next_line(self) -> Self {
        Self {
            line: self.line + 1,
            column: 1,
            offset: self.offset + 1,
        }
    }
}
