use super::Namespace;
use crate::{
    log::{ChannelId, Log},
    topic::Selector,
};

/// Channels that stay while something is read through them, though nobody listens there.
pub(crate) struct HeldChannels<'a> {
    namespace: &'a Namespace,
    channels: Vec<ChannelId>,
}

impl Namespace {
    /// Holds the channels of these: a pattern's list is made once, however often it is looked at.
    pub(crate) fn hold(&self, selectors: &[Selector]) -> HeldChannels<'_> {
        let mut log = self.write_log();
        let channels: Vec<_> = selectors.iter().map(|it| log.channel(it)).collect();
        log.keep_for_reader(&channels);
        HeldChannels {
            namespace: self,
            channels,
        }
    }
}

impl HeldChannels<'_> {
    /// Looks at the log through them.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Log, &[ChannelId]) -> T) -> T {
        look(&self.namespace.read_log(), &self.channels)
    }
}

impl Drop for HeldChannels<'_> {
    fn drop(&mut self) {
        self.namespace.write_log().release_reader(&self.channels);
    }
}
