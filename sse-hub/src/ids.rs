/// What stands as id in the events of a hub.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Ids {
    /// The hub's positions. A publisher's own id is kept beside the event, and can be resumed from.
    #[default]
    Hub,
    /// The publisher's own id where an event has one, else the hub's position. Both can be resumed from.
    ///
    /// An own id is not checked by a nonce: two events with the same own id are taken for one, and a resume starts after the first.
    Publisher,
    /// Nothing but publishers' own ids: the stream bears no position, no reconnection time and no event of the hub's.
    ///
    /// A gap and the end of a stream are told only by [`Subscription::resume`](crate::Subscription::resume) and
    /// [`Subscription::end_reason`](crate::Subscription::end_reason).
    Bare,
}
