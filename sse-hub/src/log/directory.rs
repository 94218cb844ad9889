//! Channels by name: made when they are first asked for, forgotten when nothing is lost by it.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use bytestring::ByteString;

use super::{
    channel::{Channel, ChannelId, ChannelIds},
    entry::Entry,
    ring::Log,
};
use crate::{
    listeners::Listeners,
    topic::{Selector, Topic},
};

const MOST_IDLE_CHANNELS: usize = 10_000;

impl Log {
    /// The channels of topics.
    pub(super) fn channels_of(&mut self, topics: &[Topic]) -> ChannelIds {
        if let [topic] = topics
            && let Some(&id) = self.names.get(topic.as_str())
        {
            return ChannelIds::One([id]);
        }
        let ids = topics
            .iter()
            .map(|topic| self.channel(&Selector::from(topic.clone())));
        ChannelIds::Many(ids.collect())
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
            return id;
        }
        let id = ChannelId::try_from(self.channels.vacant_key()).unwrap_or(ChannelId::MAX);
        let mut channel = Channel::new(selector.clone(), self.unrecorded, self.unrecorded_gone);
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
        self.names.insert(selector.clone().into_text(), id);
        id
    }

    /// Fills the channel of a pattern with what topics have.
    pub(super) fn gather(&mut self, pattern: &mut Channel, id: ChannelId) {
        let mut found: BTreeMap<u64, Arc<Entry>> = BTreeMap::new();
        for (_, topic) in &mut self.channels {
            if !topic.selector.is_pattern() && pattern.selector.matches(topic.selector.as_str()) {
                topic.patterns.push(id);
                pattern.lost = pattern.lost.max(topic.lost);
                pattern.gone = pattern.gone.max(topic.gone);
                found.extend(
                    topic
                        .entries
                        .iter()
                        .map(|entry| (entry.seq(), Arc::clone(entry))),
                );
            }
        }
        pattern.entries = found.into_values().collect();
    }

    /// Forgets a channel that nobody listens to and that has no entries.
    pub(crate) fn release_channel(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.get(id as usize) else {
            return;
        };
        if channel.selector.is_pattern() {
            if channel.is_unread() {
                self.forget_channel(id);
            }
        } else if channel.is_idle() {
            if channel.lost <= self.unrecorded && channel.gone <= self.unrecorded_gone {
                self.forget_channel(id);
            } else {
                self.idle.push_back(id);
                self.forget_idle_channels();
            }
        }
    }

    pub(super) fn forget_idle_channels(&mut self) {
        while self.idle.len() > MOST_IDLE_CHANNELS {
            let Some(id) = self.idle.pop_front() else {
                return;
            };
            let still_idle = self
                .channels
                .get(id as usize)
                .filter(|channel| channel.is_idle());
            if let Some((lost, gone)) = still_idle.map(|channel| (channel.lost, channel.gone)) {
                self.unrecorded = self.unrecorded.max(lost);
                self.unrecorded_gone = self.unrecorded_gone.max(gone);
                self.forget_channel(id);
            }
        }
    }

    pub(super) fn forget_channel(&mut self, id: ChannelId) {
        let channel = self.channels.remove(id as usize);
        self.names.remove(channel.selector.as_str());
        self.name_bytes -= channel.selector.as_str().len();
        if channel.selector.is_pattern() {
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
