use std::{fmt, sync::Arc, time::Duration};

use crate::{
    clock::Clock,
    engine::{Engine, MakeProvider},
    hub::Hub,
    ids::Ids,
    lag::{LagLimit, Lagging},
    options::{Options, RetrySpread},
    provider::Provider,
    retention::Retention,
    topic::{InvalidTopic, Topic},
};

/// Puts a hub together; everything has a default.
///
/// Values that come from a configuration, and may be wrong, go through [`Settings`](crate::Settings).
pub struct Builder {
    options: Options,
    retention: Retention,
    clock: Clock,
    make_provider: Option<Box<MakeProvider>>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            options: Options {
                default_topic: Topic::default(),
                ids: Ids::default(),
                lag: LagLimit::default(),
                lagging: Lagging::default(),
                keep_alive: Some(Duration::from_secs(14)),
                max_replay: None,
                max_patterns: 1_000,
                pin_limit: 256 * 1024 * 1024,
                retry: RetrySpread {
                    base: Duration::from_secs(1),
                    rate: 2_000,
                },
            },
            retention: Retention::default(),
            clock: Clock::system(),
            make_provider: None,
        }
    }

    /// Sets what is kept for replay; 10,000 entries, 64 MiB and one hour by default.
    pub fn retain(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Sets the topic that stands where none is named; `default` by default.
    ///
    /// # Errors
    /// [`InvalidTopic`] if the name breaks a rule.
    pub fn default_topic(mut self, name: &str) -> Result<Self, InvalidTopic> {
        self.options.default_topic = Topic::try_from(name)?;
        Ok(self)
    }

    /// Sets what stands as id in the events; the hub's positions by default.
    pub fn ids(mut self, ids: Ids) -> Self {
        self.options.ids = ids;
        self
    }

    /// Sets how far a subscription may fall behind.
    pub fn lag_limit(mut self, limit: LagLimit) -> Self {
        self.options.lag = limit;
        self
    }

    /// Sets what happens to a subscription that is too far behind; by default it ends, and can be resumed.
    pub fn lagging(mut self, lagging: Lagging) -> Self {
        self.options.lagging = lagging;
        self
    }

    /// Sets after how long a silence a subscription sends its position; 14 seconds by default, at least a millisecond.
    ///
    /// The hub looks four times a second, so it may be a quarter of a second later.
    pub fn keep_alive(mut self, interval: Duration) -> Self {
        self.options.keep_alive = Some(interval.max(Duration::from_millis(1)));
        self
    }

    /// Sends nothing in silence: positions of idle subscriptions grow old.
    pub fn no_keep_alive(mut self) -> Self {
        self.options.keep_alive = None;
        self
    }

    /// Sets how many entries of a replay one connection is given; it then ends, and the client comes again for the rest.
    pub fn max_replay(mut self, entries: u64) -> Self {
        self.options.max_replay = Some(entries.max(1));
        self
    }

    /// Sets how many different patterns may be listened to in a namespace at a time; 1,000 by default.
    ///
    /// Each has a list of the entries that match it. A subscription to one more is asked to come again later.
    pub fn max_patterns(mut self, patterns: usize) -> Self {
        self.options.max_patterns = patterns;
        self
    }

    /// Sets how many bytes subscriptions may hold that the log has dropped; 256 MiB by default.
    ///
    /// Beyond it those that hold most are ended, and what is kept for those who are behind goes, the oldest first.
    pub fn pin_limit(mut self, bytes: u64) -> Self {
        self.options.pin_limit = bytes;
        self
    }

    /// Sets the least reconnection time, and how many reconnections a second are welcome; one second and 2,000 by default.
    ///
    /// Each subscription is told a time of its own, from `base` to `base` plus what it takes all present ones to come back at that rate.
    pub fn reconnection(mut self, base: Duration, rate: u32) -> Self {
        self.options.retry = RetrySpread {
            base,
            rate: rate.max(1),
        };
        self
    }

    /// Sets what makes the provider of a namespace, given its name; a log in memory by default.
    pub fn provider(
        mut self,
        make: impl Fn(&str) -> Arc<dyn Provider> + Send + Sync + 'static,
    ) -> Self {
        self.make_provider = Some(Box::new(make));
        self
    }

    /// Sets the clock, for tests; the system's by default.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Makes the hub. It needs no runtime; its thread starts with the first publication or subscription.
    pub fn build(self) -> Hub {
        Hub::of(Arc::new(Engine::new(
            self.options,
            self.clock,
            self.retention,
            self.make_provider,
        )))
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("options", &self.options)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}
