use std::{error::Error, fmt, io};

/// A log on disk that could not be opened.
#[derive(Debug)]
pub struct OpenError {
    kind: OpenErrorKind,
    file: String,
    offset: Option<u64>,
    source: Option<io::Error>,
    /// The last sequence that is certainly there.
    pub(super) last_good: u64,
}

/// The kinds of [`OpenError`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum OpenErrorKind {
    /// Another process, or another part of this one, has it open.
    Locked,
    /// What was on the disk is not what was written; [`Options::on_damage`](super::Options::on_damage) says what to do.
    Damaged,
    /// The disk could not be read or written; the source says why.
    Io,
}

impl OpenError {
    pub(super) fn locked() -> Self {
        Self {
            kind: OpenErrorKind::Locked,
            file: String::new(),
            offset: None,
            source: None,
            last_good: 0,
        }
    }

    pub(super) fn damaged(file: impl Into<String>, offset: u64, last_good: u64) -> Self {
        Self {
            kind: OpenErrorKind::Damaged,
            file: file.into(),
            offset: Some(offset),
            source: None,
            last_good,
        }
    }

    pub(super) fn io(file: impl Into<String>, source: io::Error) -> Self {
        Self {
            kind: OpenErrorKind::Io,
            file: file.into(),
            offset: None,
            source: Some(source),
            last_good: 0,
        }
    }

    /// Returns the kind.
    pub fn kind(&self) -> OpenErrorKind {
        self.kind
    }

    /// Returns the name of the file within the log's directory; empty if it is the directory itself.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns the offset in bytes of what is damaged.
    pub fn offset(&self) -> Option<u64> {
        self.offset
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, self.offset) {
            (OpenErrorKind::Locked, _) => f.write_str("the log is open elsewhere"),
            (OpenErrorKind::Damaged, Some(offset)) => {
                write!(f, "the log is damaged: {} at byte {offset}", self.file)
            }
            (OpenErrorKind::Damaged, None) => write!(f, "the log is damaged: {}", self.file),
            (OpenErrorKind::Io, _) if self.file.is_empty() => {
                f.write_str("the log's directory cannot be used")
            }
            (OpenErrorKind::Io, _) => write!(f, "the log's file {} cannot be used", self.file),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
