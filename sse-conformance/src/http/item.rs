use std::time::Duration;

/// One event as a check words it; a fixture turns it into its own event type.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Item {
    /// Comment, split at line ends.
    pub comment: Option<String>,
    /// Data; `Some("")` is an empty message, `None` no data line at all.
    pub data: Option<String>,
    /// Event type, without line ends.
    pub event: Option<String>,
    /// Event id, without line ends and NUL.
    pub id: Option<String>,
    /// Reconnection time, in milliseconds.
    pub retry: Option<u64>,
}

impl Item {
    /// Makes an event with data.
    pub fn new(data: impl Into<String>) -> Self {
        Self {
            data: Some(data.into()),
            ..Self::default()
        }
    }

    /// Sets the comment.
    pub fn comment(self, comment: impl Into<String>) -> Self {
        Self {
            comment: Some(comment.into()),
            ..self
        }
    }

    /// Sets the event type.
    pub fn event(self, event: impl Into<String>) -> Self {
        Self {
            event: Some(event.into()),
            ..self
        }
    }

    /// Sets the id.
    pub fn id(self, id: impl Into<String>) -> Self {
        Self {
            id: Some(id.into()),
            ..self
        }
    }

    /// Sets the reconnection time; fractions of a millisecond are cut off.
    pub fn retry(self, retry: Duration) -> Self {
        let retry = u64::try_from(retry.as_millis()).unwrap_or(u64::MAX);
        Self {
            retry: Some(retry),
            ..self
        }
    }
}
