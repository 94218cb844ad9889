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
    Skip,
}
