use std::{
    fmt,
    sync::{Arc, Weak},
};

use bytestring::ByteString;

use crate::{
    listeners::{CloseReason, Ending, Listener},
    namespace::Namespace,
    presence::Presence,
    topic::{IntoTopics, InvalidTopic, Selector},
};

/// Ends a subscription, or changes what it listens to, from elsewhere.
///
/// It does not keep the subscription alive. `Send + Sync`.
#[derive(Clone)]
pub struct SubscriptionHandle {
    namespace: Weak<Namespace>,
    listener: Weak<Listener>,
    id: u64,
}

impl SubscriptionHandle {
    pub(crate) fn new(namespace: &Arc<Namespace>, listener: &Arc<Listener>) -> Self {
        Self {
            namespace: Arc::downgrade(namespace),
            listener: Arc::downgrade(listener),
            id: listener.id,
        }
    }

    fn both(&self) -> Option<(Arc<Namespace>, Arc<Listener>)> {
        let listener = self
            .listener
            .upgrade()
            .filter(|listener| !listener.is_ended())?;
        Some((self.namespace.upgrade()?, listener))
    }

    /// Returns the subscription's number; each of a process has its own.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Tells whether it goes on.
    pub fn is_live(&self) -> bool {
        self.both().is_some()
    }

    /// Returns who it stands for, if it goes on and said so.
    pub fn presence(&self) -> Option<Presence> {
        self.both()?.1.presence.clone()
    }

    /// Returns how many entries and wire bytes it has yet to take, of those published since it began.
    pub fn lag(&self) -> (u64, u64) {
        self.both().map_or((0, 0), |(_, listener)| listener.lag())
    }

    /// Ends it after what is ready, with a closing event that gives the reason; false if it had ended before.
    pub fn disconnect(&self, reason: impl Into<ByteString>) -> bool {
        let Some((namespace, listener)) = self.both() else {
            return false;
        };
        let through = namespace.read_log().head().seq;
        let reason = CloseReason::Disconnected(reason.into());
        namespace.end(
            &listener,
            Ending {
                reason,
                retry: None,
                through,
            },
        )
    }

    /// Lets it listen to further topics or patterns, from its present position on.
    ///
    /// # Errors
    /// [`InvalidTopic`] if one breaks a rule; then none is added.
    pub fn add_topics(&self, topics: impl IntoTopics) -> Result<(), InvalidTopic> {
        let selectors = selectors(topics)?;
        if let Some((namespace, listener)) = self.both() {
            namespace.add(&listener, &selectors)?;
        }
        Ok(())
    }

    /// Lets it no longer listen to topics or patterns, named as when they were added.
    ///
    /// # Errors
    /// [`InvalidTopic`] if one breaks a rule; then none is removed.
    pub fn remove_topics(&self, topics: impl IntoTopics) -> Result<(), InvalidTopic> {
        let selectors = selectors(topics)?;
        if let Some((namespace, listener)) = self.both() {
            namespace.remove(&listener, &selectors);
        }
        Ok(())
    }
}

fn selectors(topics: impl IntoTopics) -> Result<Vec<Selector>, InvalidTopic> {
    topics
        .into_topics()
        .into_iter()
        .map(Selector::try_from)
        .collect()
}

impl fmt::Debug for SubscriptionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionHandle")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
