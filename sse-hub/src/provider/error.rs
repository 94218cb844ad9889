use std::{error::Error, fmt};

/// The engine could not be asked.
#[derive(Debug)]
pub struct ProviderError {
    source: Box<dyn Error + Send + Sync>,
}

impl ProviderError {
    /// Wraps what the engine's own library says.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: source.into(),
        }
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the log's provider does not answer")
    }
}

impl Error for ProviderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// An entry was not acknowledged.
#[derive(Debug)]
pub struct AppendError {
    kind: AppendErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What is known of an entry that was not acknowledged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AppendErrorKind {
    /// It is not in the log, and never will be.
    Failed,
    /// It is in the log as a whole or not at all. Publishing again under the same idempotency key gives one entry.
    OutcomeUnknown,
    /// The engine cannot give the acknowledgement that was asked for; nothing was tried.
    Unsupported,
}

impl AppendError {
    /// Makes an error without a cause.
    pub fn new(kind: AppendErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// Makes an error with the cause that the engine's own library gives.
    pub fn with_source(
        kind: AppendErrorKind,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    /// Returns what is known of the entry.
    pub fn kind(&self) -> AppendErrorKind {
        self.kind
    }
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            AppendErrorKind::Failed => "the entry was not appended",
            AppendErrorKind::OutcomeUnknown => "it is not known whether the entry was appended",
            AppendErrorKind::Unsupported => "the provider does not offer this acknowledgement",
        })
    }
}

impl Error for AppendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
