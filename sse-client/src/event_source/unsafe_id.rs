/// What is done when no header can carry the last event ID: it has control characters, or white space around it.
///
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum UnsafeId {
    /// The event source stops with [`ErrorKind::LastEventId`](crate::ErrorKind::LastEventId) instead of connecting again,
    /// since without the id events would be repeated or lost.
    #[default]
    Stop,
    /// The last id that a header can carry is sent: events after it come again.
    SendLastSafe,
    /// None is sent: what the server then sends is its choice.
    Omit,
}
