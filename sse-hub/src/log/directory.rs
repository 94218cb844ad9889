//! Channels by name: made when they are first asked for, forgotten when nothing is lost by it.

use std::{borrow::Cow, sync::Arc};

use bytestring::ByteString;

use super::{
    channel::{Channel, ChannelId},
    entry::Entry,
    ring::Log,
};
use crate::{
    listeners::Listeners,
    one_or_many::OneOrMany,
    topic::{Selector, Topic},
};

const MOST_IDLE_CHANNELS: usize = 10_000;

impl Log {
    /// The channels of topics, whose names become the log's own: a publisher's may be part of something large.
    pub(super) fn channels_of(&mut self, topics: &mut [Topic]) -> OneOrMany<ChannelId> {
        match topics {
            [topic] => OneOrMany::One([self.channel_of(topic)]),
            topics => {
                let ids = topics.iter_mut().map(|topic| self.channel_of(topic));
                OneOrMany::Many(ids.collect())
            }
        }
    }

    fn channel_of(&mut self, topic: &mut Topic) -> ChannelId {
        let (id, name) = match self.names.get_key_value(topic.as_str()) {
            Some((name, &id)) => (id, name.clone()),
            None => {
                let id = self.channel(&Selector::from(topic.clone()));
                let channel = &self.channels[id as usize];
                (id, channel.selector.clone().into_text())
            }
        };
        self.is_needed(id);
        *topic = Topic::from_checked(name);
        id
    }

    /// The channels that an entry belongs to at this moment: its topics' own, and the patterns' that match one of them.
    ///
    /// Patterns come and go while an entry stays, so an entry itself knows only its topics.
    pub(crate) fn all_channels<'a>(&self, entry: &'a Entry) -> Cow<'a, [ChannelId]> {
        let topics = &entry.channels[..];
        let patterns = |&id: &ChannelId| {
            let channel = self.channels.get(id as usize);
            channel.map_or(&[][..], |channel| &channel.patterns)
        };
        if topics.iter().all(|id| patterns(id).is_empty()) {
            return Cow::Borrowed(topics);
        }
        let mut ids = topics.to_vec();
        for id in topics {
            ids.extend_from_slice(patterns(id));
        }
        ids.sort_unstable();
        ids.dedup();
        Cow::Owned(ids)
    }

    /// Finds or makes the channel of a selector.
    pub(crate) fn channel(&mut self, selector: &Selector) -> ChannelId {
        if let Some(&id) = self.names.get(selector.as_str()) {
            self.is_needed(id);
            return id;
        }
        let selector = selector.detached();
        let id = ChannelId::try_from(self.channels.vacant_key()).unwrap_or(ChannelId::MAX);
        let (lost, gone) = (self.unrecorded, self.unrecorded_gone);
        let mut channel = Channel::new(id, selector.clone(), lost, gone);
        if selector.is_pattern() {
            self.gather(&mut channel, id);
            self.patterns.push(id);
        } else {
            let matching = self.patterns.iter().copied();
            channel.patterns = matching
                .filter(|&it| {
                    self.channels[it as usize]
                        .selector
                        .matches(selector.as_str())
                })
                .collect();
        }
        self.channels.insert(channel);
        self.name_bytes += selector.as_str().len();
        self.names.insert(selector.into_text(), id);
        id
    }

    /// Whether all patterns among these can be listened to, so many at most in all.
    pub(crate) fn has_room_for(&self, selectors: &[Selector], most_patterns: usize) -> bool {
        let is_new = |it: &&Selector| it.is_pattern() && !self.names.contains_key(it.as_str());
        let new = selectors.iter().filter(is_new).count();
        new == 0 || self.patterns.len() + new <= most_patterns
    }

    /// Fills the channel of a pattern with what topics have.
    pub(super) fn gather(&mut self, pattern: &mut Channel, id: ChannelId) {
        let mut found: Vec<Arc<Entry>> = Vec::new();
        for (_, topic) in &mut self.channels {
            if !topic.selector.is_pattern() && pattern.selector.matches(topic.selector.as_str()) {
                topic.patterns.push(id);
                pattern.lost = pattern.lost.max(topic.lost);
                pattern.gone = pattern.gone.max(topic.gone);
                found.extend(topic.entries.iter().cloned());
            }
        }
        found.sort_by_key(|entry| entry.seq());
        found.dedup_by_key(|entry| entry.seq());
        self.links += retained(&found);
        pattern.fill(found);
    }

    /// Forgets a channel that nobody listens to and that has no entries.
    pub(crate) fn release_channel(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.get_mut(id as usize) else {
            return;
        };
        if channel.selector.is_pattern() {
            if channel.is_unread() {
                self.forget_channel(id);
            }
        } else if channel.is_idle() {
            if channel.lost <= self.unrecorded && channel.gone <= self.unrecorded_gone {
                self.forget_channel(id);
            } else if channel.idle.is_none() {
                channel.idle = Some(self.next_idle);
                self.idle.insert(self.next_idle, id);
                self.next_idle += 1;
                self.forget_idle_channels();
            }
        }
    }

    /// Notes that a channel is asked for.
    fn is_needed(&mut self, id: ChannelId) {
        if let Some(number) = self.channels[id as usize].idle.take() {
            self.idle.remove(&number);
        }
    }

    /// Lets those go that were needed last the longest ago, if there are too many.
    fn forget_idle_channels(&mut self) {
        while self.idle.len() > MOST_IDLE_CHANNELS {
            let Some((_, id)) = self.idle.pop_first() else {
                return;
            };
            let channel = &mut self.channels[id as usize];
            channel.idle = None;
            self.unrecorded = self.unrecorded.max(channel.lost);
            self.unrecorded_gone = self.unrecorded_gone.max(channel.gone);
            self.forget_channel(id);
        }
    }

    fn forget_channel(&mut self, id: ChannelId) {
        self.is_needed(id);
        let channel = self.channels.remove(id as usize);
        self.names.remove(channel.selector.as_str());
        self.name_bytes -= channel.selector.as_str().len();
        if channel.selector.is_pattern() {
            self.links -= retained(&channel.entries);
            self.patterns.retain(|&it| it != id);
            for (_, topic) in &mut self.channels {
                topic.patterns.retain(|&it| it != id);
            }
        }
    }

    pub(crate) fn listeners(&self, id: ChannelId) -> Option<&Arc<Listeners>> {
        self.channels
            .get(id as usize)
            .map(|channel| &channel.listeners)
    }

    pub(crate) fn selectors(&self, channels: &[ChannelId]) -> Vec<Selector> {
        let known = channels
            .iter()
            .filter_map(|&id| self.channels.get(id as usize));
        known.map(|channel| channel.selector.clone()).collect()
    }

    pub(crate) fn selector(&self, id: ChannelId) -> Option<ByteString> {
        let channel = self.channels.get(id as usize)?;
        Some(channel.selector.clone().into_text())
    }

    /// The channel of a topic that no pattern matches, if that is all that is asked for.
    pub(crate) fn only_channel(&self, topics: &[Topic]) -> Option<ChannelId> {
        let [topic] = topics else { return None };
        let &id = self.names.get(topic.as_str())?;
        self.channels[id as usize].patterns.is_empty().then_some(id)
    }

    /// The channels of those topics that have one, with the patterns that match them.
    pub(crate) fn known_channels(&self, topics: &[Topic]) -> Vec<ChannelId> {
        let mut ids = Vec::new();
        for topic in topics {
            match self.names.get(topic.as_str()) {
                Some(&id) => {
                    ids.push(id);
                    ids.extend_from_slice(&self.channels[id as usize].patterns);
                }
                None => ids.extend(
                    self.patterns
                        .iter()
                        .copied()
                        .filter(|&it| self.channels[it as usize].selector.matches(topic.as_str())),
                ),
            }
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Keeps channels for one that has ceased to listen, and is still to read what came before that.
    pub(crate) fn keep_for_reader(&mut self, channels: &[ChannelId]) {
        for &id in channels {
            if let Some(channel) = self.channels.get_mut(id as usize) {
                channel.last_readers += 1;
            }
        }
    }

    pub(crate) fn release_reader(&mut self, channels: &[ChannelId]) {
        for &id in channels {
            if let Some(channel) = self.channels.get_mut(id as usize) {
                channel.last_readers = channel.last_readers.saturating_sub(1);
            }
            self.release_channel(id);
        }
    }
}

/// How many of these count as retained.
fn retained<'a>(entries: impl IntoIterator<Item = &'a Arc<Entry>>) -> usize {
    let entries = entries.into_iter();
    entries.filter(|entry| entry.is_retained()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        log::{
            Waited,
            ring::tests::{append, log},
        },
        retention::Retention,
    };

    fn selector(text: &'static str) -> Selector {
        Selector::try_from(bytestring::ByteString::from_static(text)).unwrap()
    }

    fn come_and_go(log: &mut Log, topic: &'static str) {
        let id = log.channel(&selector(topic));
        log.release_channel(id);
    }

    #[test]
    fn who_comes_and_goes_at_one_topic_does_not_push_out_what_is_known_of_others() {
        let mut log = log(Retention::none());
        for topic in ["quiet", "busy"] {
            append(&mut log, topic, |_| {});
        }
        log.let_go(u64::MAX, u64::MAX, &Waited::default(), 0);
        let lost = log.names["busy"];
        assert_eq!(log.channels[lost as usize].lost, 2);
        for _ in 0..=MOST_IDLE_CHANNELS {
            come_and_go(&mut log, "busy");
            come_and_go(&mut log, "never published to");
        }
        let id = log.channel(&selector("quiet"));
        assert_eq!((log.lost(&[id]), log.unrecorded), (1, 0));
    }

    #[test]
    fn of_too_many_quiet_topics_the_first_are_forgotten_and_what_they_lost_is_not() {
        let mut log = log(Retention::none());
        for number in 0..MOST_IDLE_CHANNELS + 5 {
            append(&mut log, &number.to_string(), |_| {});
        }
        log.let_go(u64::MAX, u64::MAX, &Waited::default(), 0);
        assert_eq!((log.idle.len(), log.unrecorded), (MOST_IDLE_CHANNELS, 5));
        assert_eq!(log.names.len(), MOST_IDLE_CHANNELS);
    }

    #[test]
    fn the_index_counts_what_patterns_and_keys_take_and_nothing_that_is_gone() {
        let mut log = log(Retention::default().count(100));
        let empty = log.bytes().index;
        let publish = |log: &mut Log, number: usize| {
            append(log, "a/b", |draft| {
                draft.key = Some(format!("key {}", number % 3).into());
                draft.event.id = number.to_string().try_into().ok();
            });
        };
        for number in 0..100 {
            publish(&mut log, number);
        }
        let without = log.bytes().index;
        assert!(without > empty + 100 * 5 * size_of::<usize>() as u64);
        let patterns = ["a/*", "*/b", "**"].map(selector);
        let ids = patterns.each_ref().map(|pattern| log.channel(pattern));
        let with = log.bytes().index;
        assert!(with >= without + 300 * size_of::<usize>() as u64);
        for number in 0..1000 {
            publish(&mut log, number);
        }
        log.let_go(u64::MAX, u64::MAX, &Waited::default(), 0);
        assert!(
            log.bytes().index.abs_diff(with) < 1024,
            "own ids are longer"
        );
        for id in ids {
            log.release_channel(id);
        }
        assert!(log.bytes().index < without + 1024);
        log.clear("a/b", u64::MAX);
        log.release_channel(log.names["a/b"]);
        assert_eq!((log.links, log.keyed, log.keys.len()), (0, 0, 0));
        assert_eq!((log.named, log.own_ids.len()), (0, 0));
    }
}
