use std::{error::Error, fmt};

use sse_core::Gap;

use crate::{provider::ProviderError, topic::InvalidTopic};

/// Why there is no subscription.
#[derive(Debug)]
pub struct SubscribeError {
    kind: SubscribeErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of [`SubscribeError`].
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SubscribeErrorKind {
    /// A topic or pattern breaks a rule; the source says which.
    Topic,
    /// The hub was shut down.
    Closed,
    /// The provider does not answer.
    Unavailable,
    /// There is a gap, and the caller asked for an error then.
    Gap(Gap),
}

impl SubscribeError {
    pub(super) fn closed() -> Self {
        Self {
            kind: SubscribeErrorKind::Closed,
            source: None,
        }
    }

    pub(super) fn unavailable(error: Option<ProviderError>) -> Self {
        Self {
            kind: SubscribeErrorKind::Unavailable,
            source: error.map(|error| Box::new(error) as _),
        }
    }

    pub(super) fn gap(gap: Gap) -> Self {
        Self {
            kind: SubscribeErrorKind::Gap(gap),
            source: None,
        }
    }

    /// Returns the kind.
    pub fn kind(&self) -> &SubscribeErrorKind {
        &self.kind
    }
}

impl From<InvalidTopic> for SubscribeError {
    fn from(error: InvalidTopic) -> Self {
        Self {
            kind: SubscribeErrorKind::Topic,
            source: Some(Box::new(error)),
        }
    }
}

impl fmt::Display for SubscribeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            SubscribeErrorKind::Topic => f.write_str("the topic cannot be subscribed to"),
            SubscribeErrorKind::Closed => f.write_str("the hub is closed"),
            SubscribeErrorKind::Unavailable => f.write_str("the log's provider does not answer"),
            SubscribeErrorKind::Gap(gap) => write!(f, "events are missing ({})", gap.reason),
        }
    }
}

impl Error for SubscribeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
