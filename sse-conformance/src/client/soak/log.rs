use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sse_core::{Event, EventId};
use sse_hub::{Hub, PublishError};

use super::text::text_of;
use crate::hub::Dice;

/// What was published, in order: the truth.
#[derive(Clone, Debug)]
pub(super) struct Log {
    hub: Hub,
    entries: Arc<Mutex<Vec<Entry>>>,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) id: EventId,
}

/// The topic that the client asks for.
pub(super) const TOPIC: &str = "a";
/// A topic that pushes entries of the other out.
const NOISE: &str = "b";

impl Log {
    pub(super) fn new(hub: Hub) -> Self {
        Self {
            hub,
            entries: Arc::default(),
        }
    }

    /// Publishes the next entry; its number is its place in the log, from 1.
    pub(super) async fn publish(&self, dice: &mut Dice) -> Result<u64, PublishError> {
        if dice.one_in(6) {
            self.hub.publish(NOISE, Event::new("noise")).await?;
        }
        let number = self.len() + 1;
        let length = match dice.below(20) {
            0 => dice.within(2_000, 9_000),
            1..=4 => dice.within(10, 300),
            _ => 2,
        };
        let length = usize::try_from(length).unwrap_or(0);
        let event = Event::new(text_of(number, length));
        let published = self.hub.publish(TOPIC, event).await?;
        self.lock().push(Entry {
            seq: published.position.seq,
            id: published.id(),
        });
        Ok(number)
    }

    pub(super) fn len(&self) -> u64 {
        self.lock().len() as u64
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
