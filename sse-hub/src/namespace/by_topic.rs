use std::sync::Arc;

use super::Namespace;
use crate::{
    log::{ChannelId, Log},
    provider::{BoxFuture, Page, ProviderError},
    topic::{Selector, Topic},
};

/// Who asks for more topics at once is given everything that comes, as for a pattern.
const MOST_TOPICS: usize = 64;

impl Namespace {
    /// All topics that are asked for, where the provider tells topics apart, no pattern is among them, and they are few.
    pub(crate) fn by_topic(&self, selectors: &[Selector]) -> Option<Arc<[Topic]>> {
        if selectors.len() > MOST_TOPICS {
            return None;
        }
        let topics = selectors.iter().map(|selector| {
            let is_topic = self.capabilities.by_topic && !selector.is_pattern();
            is_topic.then(|| Topic::from_checked(selector.clone().into_text()))
        });
        topics.collect()
    }

    /// Reads what the provider has: of some topics, or all.
    pub(crate) fn read_provider(
        &self,
        topics: Option<&[Topic]>,
        from: u64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page, ProviderError>> {
        match topics {
            Some(topics) => self.provider.read_topics(topics, from, limit),
            None => self.provider.read(from, limit),
        }
    }

    /// The highest sequence that was lost to these channels.
    pub(crate) fn lost(&self, log: &Log, channels: &[ChannelId]) -> u64 {
        log.lost(channels).max(self.trimmed(log, channels))
    }

    /// The highest sequence that the provider's own retention may have taken from these channels.
    ///
    /// The provider is asked, since it may have removed what its tail has yet to tell.
    pub(crate) fn trimmed(&self, log: &Log, channels: &[ChannelId]) -> u64 {
        if !self.capabilities.replay {
            return log.trimmed();
        }
        match self.by_topic(&log.selectors(channels)) {
            Some(topics) => self.provider.trimmed(&topics),
            None => {
                let first = self.provider.status().first;
                log.trimmed().max(first.saturating_sub(1))
            }
        }
    }
}
