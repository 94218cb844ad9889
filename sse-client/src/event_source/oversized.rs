use sse_core::EventId;

/// What is done about an event that breaks a limit.
///
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Oversized {
    /// The error is final. Another connection would meet the same event again.
    #[default]
    Fail,
    /// The error is an item, and events go on after the one that was skipped.
    ///
    /// The last event ID stays that of the event before it until the next event that has one.
    /// If none comes, another connection begins with the same event: when it is skipped again, the error is final.
    Skip,
}

/// An event that was skipped, and after which none was given out.
#[derive(Debug)]
pub(super) struct Skipped {
    /// The last event ID then, which the next connection names.
    last_event_id: String,
    before_this_connection: bool,
}

impl Skipped {
    pub(super) fn after(last_event_id: &EventId) -> Self {
        Self {
            last_event_id: last_event_id.to_string(),
            before_this_connection: false,
        }
    }

    pub(super) fn connection_ended(&mut self) {
        self.before_this_connection = true;
    }

    /// Whether one that is skipped now is the same.
    pub(super) fn is_met_again(&self, last_event_id: &EventId) -> bool {
        self.before_this_connection && self.last_event_id == last_event_id.as_str()
    }
}
