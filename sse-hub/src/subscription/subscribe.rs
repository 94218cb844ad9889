use std::{
    error::Error as _,
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
};

use bytestring::ByteString;
use sse_core::{EventId, Gap, GapReason};

use super::{
    blocks::{Blocks, GapAs},
    cold,
    start::Older,
    stream::{Beginning, Filter, Subscription},
    subscribe_error::SubscribeError,
};
use crate::{
    engine::Engine,
    ids::Ids,
    lag::{LagLimit, Lagging},
    listeners::{CloseReason, Listener},
    log::{ChannelId, Entry, Keep, Log},
    namespace::{Namespace, next_listener_id},
    options::draw_soft_reject,
    position::Position,
    presence::Presence,
    resume::{Cursor, Decision, GapCause, OnGap, Resume, Start},
    topic::{IntoTopics, InvalidTopic, Selector},
};

/// A subscription that is being put together; await it to begin.
///
/// What is published from then on is delivered, and before it what the cursor or the start asks for.
///
/// # Errors
/// [`SubscribeError`] if a topic breaks a rule, or the hub is closed.
/// A bad cursor is no error: [`Subscription::resume`] says that there is a gap.
/// Nor is a provider that cannot judge the cursor within five seconds, or a hub that is shutting down:
/// the stream then asks its client to come again later, and ends. A browser gives up for ever on an error.
///
/// # Cancel safety
/// Dropping it, or its future, leaves nothing behind.
#[must_use = "nothing is subscribed to until it is awaited"]
pub struct Subscribe {
    engine: Arc<Engine>,
    namespace: Arc<Namespace>,
    selectors: Result<Vec<Selector>, InvalidTopic>,
    after: Option<EventId>,
    start: Start,
    on_gap: OnGap,
    gap_as: GapAs,
    markers: bool,
    lagging: Lagging,
    limit: LagLimit,
    presence: Option<Presence>,
    filter: Option<Box<Filter>>,
}

impl Subscribe {
    pub(crate) fn new(
        engine: Arc<Engine>,
        namespace: Arc<Namespace>,
        topics: impl IntoTopics,
    ) -> Self {
        let options = Arc::clone(&engine.options);
        let mut selectors = topics
            .into_topics()
            .into_iter()
            .map(Selector::try_from)
            .collect::<Result<Vec<_>, _>>();
        if let Ok(selectors) = &mut selectors {
            let mut seen = std::collections::HashSet::new();
            selectors.retain(|selector| seen.insert(selector.as_str().to_owned()));
            if selectors.is_empty() {
                selectors.push(options.default_topic.clone().into());
            }
        }
        Self {
            engine,
            namespace,
            selectors,
            after: None,
            start: Start::default(),
            on_gap: OnGap::default(),
            gap_as: GapAs::default(),
            markers: false,
            lagging: options.lagging,
            limit: options.lag,
            presence: None,
            filter: None,
        }
    }

    /// Goes on behind the last event ID of a request; `None`, or an empty one, begins as [`from`](Self::from) says.
    pub fn after(mut self, id: impl Into<Option<EventId>>) -> Self {
        self.after = id.into();
        self
    }

    /// Sets where to begin without a cursor; with what is published from now on if this is not called.
    pub fn from(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Sets where to go on when it cannot be known what the client has seen; at the head if this is not called.
    pub fn on_gap(mut self, on_gap: OnGap) -> Self {
        self.on_gap = on_gap;
        self
    }

    /// Sets how a gap is told on the wire; as an event `hub.gap` if this is not called.
    pub fn gap_as(mut self, gap_as: GapAs) -> Self {
        self.gap_as = gap_as;
        self
    }

    /// Sends an event `hub.live` when all that was there at the beginning has been delivered.
    pub fn markers(mut self) -> Self {
        self.markers = true;
        self
    }

    /// Sets what happens when it falls too far behind; as the hub was told if this is not called.
    pub fn lagging(mut self, lagging: Lagging) -> Self {
        self.lagging = lagging;
        self
    }

    /// Sets how far it may fall behind; as the hub was told if this is not called.
    pub fn lag_limit(mut self, limit: LagLimit) -> Self {
        self.limit = limit;
        self
    }

    /// Shows it under this name, with anything else that others shall know, to those who ask who is present.
    pub fn presence(mut self, name: impl Into<ByteString>, data: impl Into<ByteString>) -> Self {
        self.presence = Some(Presence::new(name.into(), data.into()));
        self
    }

    /// Delivers only entries that this function accepts.
    ///
    /// It runs for each entry while the log is locked for reading: keep it short,
    /// and let it call nothing of the hub's, of its handles or subscriptions, nor anything that might, such as a log
    /// that is published: it would wait for itself. What it needs to know must be at hand, behind a lock of its own.
    /// Where a decision takes time, or the hub, read [`entries`](super::Subscription::entries).
    pub fn filter(mut self, filter: impl Fn(&Entry) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Some(Box::new(filter));
        self
    }

    pub(super) fn place(&self) -> (Arc<Namespace>, Ids) {
        (Arc::clone(&self.namespace), self.engine.options.ids)
    }

    pub(super) fn selectors(&self) -> Result<Vec<Selector>, InvalidTopic> {
        self.selectors.clone()
    }

    pub(super) fn requested(&self) -> Option<&EventId> {
        self.after.as_ref()
    }

    async fn begin(mut self) -> Result<Subscription, SubscribeError> {
        let selectors = self.selectors.clone()?;
        if self.engine.is_closed() {
            return Err(SubscribeError::closed());
        }
        self.engine.start();
        let blocks = Blocks {
            ids: self.engine.options.ids,
            gap_as: self.gap_as,
        };
        if !self.engine.is_open() {
            return Ok(self.rejected(blocks));
        }
        let namespace = Arc::clone(&self.namespace);
        namespace.pump();
        let cursor = self
            .after
            .as_ref()
            .and_then(|id| Cursor::read(id, self.engine.options.ids));
        let looked_up = async {
            let found = cold::find_out(&namespace, &selectors, cursor.as_ref()).await?;
            let find = || Older::find(&namespace, &selectors, self.start, self.keep());
            let older = match cursor {
                None => cold::patiently(&namespace, find).await?,
                Some(_) => Older::none(&namespace),
            };
            Ok::<_, SubscribeError>((found, older))
        };
        let (found, older) = match looked_up.await {
            Ok(looked_up) => looked_up,
            Err(error) => {
                tracing::warn!(
                    namespace = %namespace.name,
                    error = error.source(),
                    "it cannot be found out where a subscription begins"
                );
                return Ok(self.rejected(blocks));
            }
        };
        let now = namespace.clock.millis();
        // Decided and registered in one step: what is published meanwhile is either before or after both.
        let entered = namespace.enter(&selectors, |log, channels| {
            let decision = found.decide(&namespace, log, channels, cursor.as_ref(), true);
            let judged = self.judge(log, channels, decision, &older);
            let after = judged.position.seq;
            let listener = Listener::new(
                next_listener_id(),
                self.presence.clone(),
                self.lagging,
                self.limit,
                after,
                now,
            );
            if after < log.head().seq {
                listener.set_replaying(now);
            }
            (Arc::new(listener), judged)
        });
        let Some((listener, judged)) = entered else {
            let most_patterns = self.engine.options.max_patterns;
            tracing::debug!(namespace = %namespace.name, most_patterns, "too many different patterns are listened to");
            return Ok(self.rejected(blocks));
        };
        let filter = self.filter.take();
        let mut subscription = self.subscription(blocks, listener, judged);
        subscription.set_filter(filter);
        // A hub that was closed meanwhile did not see this one: nobody would ever end it.
        if !self.engine.is_open() {
            return Ok(self.rejected(blocks));
        }
        match subscription.resume() {
            Resume::Gap(gap) if self.on_gap == OnGap::Fail => Err(SubscribeError::gap(gap.clone())),
            _ => Ok(subscription),
        }
    }

    fn rejected(self, blocks: Blocks) -> Subscription {
        Subscription::rejected(self.namespace, blocks, draw_soft_reject())
    }

    /// Turns a decision into a place to begin.
    pub(super) fn judge(
        &self,
        log: &Log,
        channels: &[ChannelId],
        decision: Decision,
        older: &Older,
    ) -> Judged {
        let head = log.head();
        let (resume, position) = match decision {
            Decision::Fresh => {
                let position = older.position(log, channels, self.start, self.keep());
                (Resume::Fresh, position)
            }
            Decision::Complete { after } => (Resume::Complete, log.position_at(after)),
            Decision::GapThenRetained { cause, after } => {
                let after = log.place_of_retained(channels, after);
                (self.gap(log, channels, cause), after)
            }
            Decision::Gap { cause } => {
                let position = match cause.start(self.on_gap) {
                    OnGap::Earliest => log.place_of_retained(channels, 0),
                    OnGap::Latest | OnGap::Fail => head,
                };
                (self.gap(log, channels, cause), position)
            }
            Decision::AskProvider => (self.gap(log, channels, GapCause::Rollback), head),
        };
        // A complete resume is told the id that it came with: it may be a publisher's own.
        let requested = self.after.as_ref().filter(|id| !id.is_empty());
        let opening_id = match &resume {
            Resume::Complete => requested.cloned(),
            Resume::Fresh => Some(position.to_event_id()),
            Resume::Gap(_) => None,
        };
        Judged {
            resume,
            position,
            head: head.seq,
            purges_known: log.purges().0,
            opening_id,
        }
    }

    /// What is delivered of what is there already.
    fn keep(&self) -> Keep<'_> {
        Keep {
            through: u64::MAX,
            replay_through: u64::MAX,
            latest_per_key: self.lagging == Lagging::LatestPerKey,
            filter: self.filter.as_deref(),
            now: self.namespace.clock.millis(),
        }
    }

    fn gap(&self, log: &Log, channels: &[ChannelId], cause: GapCause) -> Resume {
        let mut gap = Gap::new(GapReason::from(cause.as_str()));
        // An id that nobody could have been given is not repeated at full length.
        gap.requested = self
            .after
            .as_ref()
            .filter(|id| id.as_str().len() <= 256)
            .map(|id| id.clone().into_text());
        gap.earliest = log
            .first_retained(channels, 0)
            .map(|entry| entry.position().to_event_id());
        if let Some(Cursor::Position(position)) = self
            .after
            .as_ref()
            .and_then(|id| Cursor::read(id, self.engine.options.ids))
            && cause == GapCause::Expired
        {
            let lost = self.namespace.lost(log, channels);
            gap.missed_max = Some(lost.saturating_sub(position.seq));
        }
        Resume::Gap(gap)
    }

    fn subscription(
        &self,
        blocks: Blocks,
        listener: Arc<Listener>,
        judged: Judged,
    ) -> Subscription {
        let namespace = &self.namespace;
        let turn = self.engine.turns.take();
        let retry = self.engine.options.retry.at(turn.number());
        let mut opening = vec![blocks.opening(judged.opening_id, retry)];
        namespace.telemetry.resumed(judged.resume.as_str());
        if let Resume::Gap(gap) = &judged.resume {
            namespace.telemetry.gap(gap.reason.as_str());
            tracing::debug!(namespace = %namespace.name, reason = %gap.reason, "a subscription begins with a gap");
            opening.extend(blocks.gap(gap, judged.position));
        }
        Subscription::begin(Beginning {
            namespace: Arc::clone(namespace),
            listener,
            blocks,
            resume: judged.resume,
            position: judged.position,
            replay_through: judged.head,
            purges_known: judged.purges_known,
            opening,
            markers: self.markers,
            max_replay: self.engine.options.max_replay,
            latest_per_key: self.lagging == Lagging::LatestPerKey,
            now: namespace.clock.millis(),
            turn: Some(turn),
        })
    }
}

/// Where a subscription begins, and what became of its cursor.
pub(super) struct Judged {
    pub(super) resume: Resume,
    pub(super) position: Position,
    pub(super) head: u64,
    purges_known: u64,
    opening_id: Option<EventId>,
}

impl IntoFuture for Subscribe {
    type Output = Result<Subscription, SubscribeError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.begin())
    }
}

impl fmt::Debug for Subscribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribe")
            .field("selectors", &self.selectors)
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

/// Why a stream that is a rejection ends.
pub(super) const REJECTED: CloseReason = CloseReason::Overload;
