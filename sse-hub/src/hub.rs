use std::{fmt, future::Future, sync::Arc, time::Duration};

use bytestring::ByteString;
use sse_core::{Event, EventId};

use crate::{
    batch::{BatchError, publish_batch},
    builder::Builder,
    draft::Draft,
    engine::Engine,
    memory_use::MemoryUse,
    namespace::Namespace,
    position::Position,
    presence::{Member, PresenceChanges},
    provider::ProviderError,
    publish::{Publish, Published},
    subscription::{Replay, Subscribe, SubscribeError, SubscriptionHandle},
    topic::{IntoTopics, InvalidTopic, Topic},
};

/// Topics in, event streams out.
///
/// A clone is the same hub; `Send + Sync`. With its last clone go its thread and its subscriptions.
#[derive(Clone)]
pub struct Hub {
    engine: Arc<Engine>,
    pub(crate) namespace: Arc<Namespace>,
}

impl Hub {
    /// Makes a hub with nothing configured: in memory, for what small services need.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Begins to configure a hub.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn of(engine: Arc<Engine>) -> Self {
        let namespace = engine.namespace(&ByteString::from_static("main"));
        Self { engine, namespace }
    }

    /// Returns the same hub with another log: its own order, retention, ids and provider.
    ///
    /// It is made when it is first asked for, so ask for no name that a client may choose freely.
    /// It is forgotten when for an hour it has had no entry, no subscription and nobody who holds it;
    /// asked for again it is made anew, which in memory is another epoch.
    ///
    /// # Errors
    /// [`InvalidTopic`] if the name breaks the rules that topics have.
    pub fn namespace(&self, name: &str) -> Result<Self, InvalidTopic> {
        let name = Topic::try_from(name)?.into_text();
        Ok(Self {
            namespace: self.engine.namespace(&name),
            engine: Arc::clone(&self.engine),
        })
    }

    /// Publishes an event to topics, once the result is awaited; `()` is the default topic.
    pub fn publish(&self, topics: impl IntoTopics, event: impl Into<Event>) -> Publish {
        let default = Some(&self.engine.options.default_topic);
        let draft = Draft::with_default(topics, default, event.into());
        Publish::new(Arc::clone(&self.engine), Arc::clone(&self.namespace), draft)
    }

    /// Publishes several, in order, as one batch; `publish` makes its parts, and is not awaited.
    ///
    /// All are acknowledged as the one that asks for most.
    ///
    /// # Errors
    /// [`BatchError`] if a part breaks a rule, or was made by another hub or namespace: then nothing is published.
    /// If the provider does not take all, [`BatchError::into_answers`] says which.
    pub async fn publish_batch(
        &self,
        batch: impl IntoIterator<Item = Publish>,
    ) -> Result<Vec<Published>, BatchError> {
        publish_batch(
            Arc::clone(&self.engine),
            Arc::clone(&self.namespace),
            batch.into_iter().collect(),
        )
        .await
    }

    /// Subscribes to topics and patterns, once the result is awaited; `()` is the default topic.
    ///
    /// A name from outside may be a pattern: `room/{room}` with the room `*` listens to all rooms.
    /// Make it a [`Topic`] first, which refuses patterns.
    pub fn subscribe(&self, topics: impl IntoTopics) -> Subscribe {
        Subscribe::new(
            Arc::clone(&self.engine),
            Arc::clone(&self.namespace),
            topics,
        )
    }

    /// Returns retained entries behind a last event ID, at most `limit`, without subscribing.
    ///
    /// # Errors
    /// A topic that breaks a rule, or a provider that does not answer.
    pub async fn read(
        &self,
        topics: impl IntoTopics,
        after: impl Into<Option<EventId>>,
        limit: usize,
    ) -> Result<Replay, SubscribeError> {
        self.engine.start();
        self.subscribe(topics).after(after).read(limit).await
    }

    /// Removes a topic's entries, also from other topics that they were published to; whoever had yet to take one is told of a gap.
    ///
    /// # Errors
    /// The provider does not answer.
    pub async fn clear(&self, topic: &Topic) -> Result<(), ProviderError> {
        self.engine.start();
        self.namespace.pump();
        let cleared = self.namespace.provider.clear(topic.clone()).await;
        self.namespace.pump();
        cleared
    }

    /// Lists who listens to a topic, by its name or a pattern, in the order in which they came.
    pub fn presence(&self, topic: &Topic) -> Vec<Member> {
        self.namespace.members(topic)
    }

    /// Counts who listens to a topic, by its name or a pattern.
    pub fn count(&self, topic: &Topic) -> usize {
        self.namespace.count_listeners(std::slice::from_ref(topic))
    }

    /// Returns how many entries the subscription has yet to take that is most behind of those that listen to a topic.
    pub fn lag(&self, topic: &Topic) -> u64 {
        self.namespace.lag(topic)
    }

    /// Follows who begins and ceases to listen.
    pub fn presence_changes(&self) -> PresenceChanges {
        let changes = self.namespace.watchers.watch();
        // A namespace may be made when the hub is closed already.
        if self.engine.is_closed() {
            self.namespace.watchers.close();
        }
        changes
    }

    /// Lists the live subscriptions of this namespace.
    pub fn subscriptions(&self) -> Vec<SubscriptionHandle> {
        self.namespace
            .all()
            .iter()
            .map(|listener| SubscriptionHandle::new(&self.namespace, listener))
            .collect()
    }

    /// Ends the subscriptions that `which` picks, each after what is ready; returns how many.
    pub fn disconnect(
        &self,
        which: impl Fn(&SubscriptionHandle) -> bool,
        reason: impl Into<ByteString>,
    ) -> usize {
        let reason = reason.into();
        let picked = self
            .subscriptions()
            .into_iter()
            .filter(|handle| which(handle));
        picked
            .filter(|handle| handle.disconnect(reason.clone()))
            .count()
    }

    /// Returns where the log of this namespace ends.
    pub fn head(&self) -> Position {
        self.namespace.read_log().head()
    }

    /// Tells whether the provider answers, and the hub takes subscriptions.
    pub fn is_ready(&self) -> bool {
        self.engine.is_open() && !self.namespace.is_stalled()
    }

    /// Returns the bytes that the hub's logs take.
    pub fn memory(&self) -> MemoryUse {
        MemoryUse::of(&self.engine)
    }

    /// Does what is due now: expiry, limits of age, keep-alives.
    ///
    /// The hub's own thread does so four times a second; this is for tests that move the clock.
    pub fn maintain(&self) {
        self.engine.tick();
    }

    #[cfg(test)]
    pub(crate) fn tick(&self) -> usize {
        self.engine.tick()
    }

    /// Ends all subscriptions over a time, in random order, each with its own reconnection time and position.
    ///
    /// From now on new ones are asked to come again later. Publishing goes on until the last has ended, and is an error from then on.
    /// A second call with a time of zero ends what is left at once.
    /// The future completes when that is done; await it in a server's graceful shutdown, which then finds no open stream.
    ///
    /// # Cancel safety
    /// The shutdown goes on whether or not the future is polled.
    pub fn shutdown(&self, over: Duration) -> impl Future<Output = ()> + Send + 'static {
        self.engine.start();
        self.engine.drain(over);
        if over.is_zero() {
            self.engine.tick();
        }
        let engine = Arc::clone(&self.engine);
        async move { engine.closed().await }
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("namespace", &self.namespace.name)
            .finish_non_exhaustive()
    }
}
