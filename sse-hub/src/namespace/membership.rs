use std::{
    collections::{BTreeMap, HashSet},
    slice,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::Namespace;
use crate::{
    listeners::{Ending, Listener, Listeners, Seats},
    log::{ChannelId, Log},
    one_or_many::OneOrMany,
    presence::{Member, PresenceChange},
    sync::lock,
    topic::{InvalidTopic, Selector, Topic},
};

/// What an ended subscription is still to read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LastReading {
    /// What was published before it ended.
    WhatIsReady,
    Nothing,
}

impl Namespace {
    /// Ends a subscription without polling it: its place, what it pins and its presence go at once.
    pub(crate) fn end(&self, listener: &Arc<Listener>, ending: Ending) -> bool {
        let reading = if ending.through > 0 {
            LastReading::WhatIsReady
        } else {
            LastReading::Nothing
        };
        if !listener.end(ending) {
            return false;
        }
        self.take_out(listener, reading);
        listener.slot.wake();
        true
    }

    /// Takes a subscription out of all places where it is known.
    pub(crate) fn take_out(&self, listener: &Arc<Listener>, reading: LastReading) {
        listener.handed_back();
        let removed = lock(&self.listeners).try_remove(listener.key());
        self.live
            .fetch_sub(usize::from(removed.is_some()), Ordering::AcqRel);
        {
            let mut log = self.write_log();
            // Taken under the lock under which topics are added.
            let seats = listener.seats();
            let channels = match reading {
                LastReading::WhatIsReady if !listener.is_reader_gone() => seats.channels.clone(),
                LastReading::WhatIsReady | LastReading::Nothing => OneOrMany::default(),
            };
            log.keep_for_reader(&channels);
            listener.set_seats(Seats {
                channels,
                seats: OneOrMany::default(),
            });
            self.vacate(&mut log, listener, &seats);
        }
        self.watchers.wake();
        self.telemetry.subscribers.decrement(1.0);
    }

    /// Notes that an ended subscription has read what it was to read.
    pub(crate) fn finish_reading(&self, listener: &Listener) {
        let mut log = self.write_log();
        let seats = listener.seats();
        if seats.seats.is_empty() {
            log.release_reader(&seats.channels);
            listener.set_seats(Seats::default());
        } else {
            // Whoever ends it has yet to take it out.
            listener.set_reader_gone();
        }
    }

    /// Gives seats up, and notes so for those who watch; they are woken when the log is no longer locked.
    fn vacate(&self, log: &mut Log, listener: &Listener, seats: &Seats) {
        for (&channel, &seat) in seats.channels.iter().zip(seats.seats.iter()) {
            let Some(listeners) = log.listeners(channel).cloned() else {
                continue;
            };
            listeners.remove(seat);
            if let Some(selector) = log.selector(channel) {
                self.watchers.note(|| PresenceChange::End {
                    selector: selector.clone(),
                    member: listener.member(),
                });
            }
            log.release_channel(channel);
        }
    }

    /// Registers a subscription; `decide` looks at the log while nothing can be published.
    ///
    /// `None` if too many different patterns are listened to.
    pub(crate) fn enter<T>(
        &self,
        selectors: &[Selector],
        decide: impl FnOnce(&Log, &[ChannelId]) -> (Arc<Listener>, T),
    ) -> Option<(Arc<Listener>, T)> {
        let (listener, decided) = {
            let mut log = self.write_log();
            if !log.has_room_for(selectors, self.options.max_patterns) {
                return None;
            }
            let mut channels: Vec<_> = selectors
                .iter()
                .map(|selector| log.channel(selector))
                .collect();
            channels.sort_unstable();
            channels.dedup();
            let (listener, decided) = decide(&log, &channels);
            // Counted and told before anyone can find it, who might end it at once.
            self.live.fetch_add(1, Ordering::AcqRel);
            for selector in selectors {
                self.note_start(&listener, selector.as_str());
            }
            let seats: Vec<_> = channels
                .iter()
                .filter_map(|&id| log.listeners(id))
                .map(|listeners: &Arc<Listeners>| listeners.insert(Arc::clone(&listener)))
                .collect();
            listener.set_key(lock(&self.listeners).insert(Arc::clone(&listener)));
            listener.set_seats(Seats::new(channels, seats));
            if listener.may_wait() && listener.enlist() {
                lock(&self.behind).push(Arc::clone(&listener));
            }
            (listener, decided)
        };
        self.watchers.wake();
        self.put_on_agenda(&listener);
        self.telemetry.subscribers.increment(1.0);
        Some((listener, decided))
    }

    /// Looks at the log through some channels that stay no longer than that.
    pub(crate) fn with_channels<T>(
        &self,
        selectors: &[Selector],
        look: impl FnOnce(&Log, &[ChannelId]) -> T,
    ) -> T {
        let mut log = self.write_log();
        let channels: Vec<_> = selectors
            .iter()
            .map(|selector| log.channel(selector))
            .collect();
        let seen = look(&log, &channels);
        for channel in channels {
            log.release_channel(channel);
        }
        seen
    }

    fn note_start(&self, listener: &Listener, selector: &str) {
        self.watchers.note(|| PresenceChange::Start {
            selector: selector.into(),
            member: listener.member(),
        });
    }

    /// Adds topics to a live subscription; what it listens to already is left alone.
    ///
    /// # Errors
    /// Too many different patterns are listened to; then none is added.
    pub(crate) fn add(
        &self,
        listener: &Arc<Listener>,
        selectors: &[Selector],
    ) -> Result<(), InvalidTopic> {
        {
            let mut log = self.write_log();
            let before = listener.seats();
            let (mut channels, mut seats) = (before.channels.to_vec(), before.seats.to_vec());
            if listener.is_ended() {
                return Ok(());
            }
            if !log.has_room_for(selectors, self.options.max_patterns) {
                return Err(InvalidTopic::because(
                    "must not be one more pattern than may be listened to",
                ));
            }
            for selector in selectors {
                let id = log.channel(selector);
                if channels.contains(&id) {
                    continue;
                }
                if let Some(listeners) = log.listeners(id) {
                    self.note_start(listener, selector.as_str());
                    channels.push(id);
                    seats.push(listeners.insert(Arc::clone(listener)));
                }
                // What the provider has is read from there, and told of where it is missing.
                if !self.capabilities.replay {
                    listener.note_cleared(log.gone(&[id]));
                }
            }
            listener.set_seats(Seats::new(channels, seats));
            // What the topics have behind its place was never offered to it, and is to be read all the same.
            listener.set_replaying(self.clock.millis());
            if listener.enlist() {
                lock(&self.behind).push(Arc::clone(listener));
            }
        }
        self.watchers.wake();
        self.change_version();
        listener.slot.wake();
        Ok(())
    }

    /// Takes topics from a live subscription.
    pub(crate) fn remove(&self, listener: &Arc<Listener>, selectors: &[Selector]) {
        {
            let mut log = self.write_log();
            // What it may still read when it ends is settled.
            if listener.is_ended() {
                return;
            }
            let (mut kept, mut removed) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
            let seats = listener.seats();
            for (&channel, &seat) in seats.channels.iter().zip(seats.seats.iter()) {
                let asked = log
                    .selector(channel)
                    .is_some_and(|name| selectors.iter().any(|it| *it.as_str() == *name));
                let side = if asked { &mut removed } else { &mut kept };
                side.0.push(channel);
                side.1.push(seat);
            }
            let [kept, removed] =
                [kept, removed].map(|(channels, seats)| Seats::new(channels, seats));
            listener.set_seats(kept);
            self.vacate(&mut log, listener, &removed);
        }
        self.watchers.wake();
        listener.slot.wake();
    }

    pub(crate) fn count_listeners(&self, topics: &[Topic]) -> usize {
        let log = self.read_log();
        if let Some(channel) = log.only_channel(topics) {
            return log
                .listeners(channel)
                .map_or(0, |listeners| listeners.len());
        }
        let channels = log.known_channels(topics);
        let mut ids = HashSet::new();
        for listeners in channels.iter().filter_map(|&id| log.listeners(id)) {
            listeners.for_each(|listener| {
                ids.insert(listener.id);
            });
        }
        ids.len()
    }

    /// The lag of the listener of a topic that is most behind.
    pub(crate) fn lag(&self, topic: &Topic) -> u64 {
        let log = self.read_log();
        let mut most = 0;
        for listeners in log
            .known_channels(slice::from_ref(topic))
            .iter()
            .filter_map(|&id| log.listeners(id))
        {
            listeners.for_each(|listener| most = most.max(listener.lag().0));
        }
        most
    }

    pub(crate) fn members(&self, topic: &Topic) -> Vec<Member> {
        let log = self.read_log();
        let mut members = BTreeMap::new();
        for listeners in log
            .known_channels(slice::from_ref(topic))
            .iter()
            .filter_map(|&id| log.listeners(id))
        {
            listeners.for_each(|listener| {
                members.insert(listener.id, listener.member());
            });
        }
        members.into_values().collect()
    }
}

/// A number for each subscription of the process.
pub(crate) fn next_listener_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::{Clock, Event, Hub, listeners::CloseReason, namespace::agenda::tests::at_once};

    #[test]
    fn nothing_is_kept_for_one_that_is_dropped_while_it_is_being_ended() {
        let hub = Hub::builder().clock(Clock::manual()).build();
        at_once(hub.publish("a", Event::new("x"))).unwrap();
        let before = hub.memory();
        let subscription = at_once(hub.subscribe(["a", "b", "c/*"])).unwrap();
        let listener = hub.namespace.all().remove(0);
        // As `end` does on another thread, which comes no further before the subscription is gone.
        assert!(listener.end(Ending {
            reason: CloseReason::Slow,
            retry: None,
            through: 1,
        }));
        drop(subscription);
        hub.namespace.take_out(&listener, LastReading::WhatIsReady);
        assert_eq!(hub.memory(), before);
    }
}
