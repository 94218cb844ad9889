//! Where a subscription without a cursor begins, when only the provider has what it asks for.

use std::{collections::VecDeque, sync::Arc, time::SystemTime};

use super::subscribe_error::SubscribeError;
use crate::{
    log::{ChannelId, Entry, Keep, Log},
    namespace::Namespace,
    position::{Epoch, Position},
    provider::{BoxFuture, Page, ProviderError},
    resume::Start,
    topic::Selector,
};

/// Sequences that are looked at first, twice as many each time that too little is found, and entries of a page.
const WINDOW: u64 = 256;
const PAGE: usize = 256;
/// How often it is looked again if something is purged meanwhile.
const MOST_TRIES: u32 = 4;

/// What was found of the entries that a start asks for, up to the head at that moment.
#[derive(Debug)]
pub(super) struct Older {
    epoch: Epoch,
    head: u64,
    /// The last entries, latest first; no more than asked for.
    latest: Vec<Arc<Entry>>,
    /// The place before the first that is recent enough.
    since: Option<u64>,
}

impl Older {
    /// Nothing: what the hub itself has is all that there is.
    pub(super) fn none(namespace: &Namespace) -> Self {
        Self {
            epoch: namespace.read_log().epoch(),
            head: 0,
            latest: Vec::new(),
            since: None,
        }
    }

    /// Whether all that was found is still handed out: its time may be over, or another have come under its key.
    fn is_kept(&self, log: &Log, selectors: &[Selector], keep: Keep<'_>) -> bool {
        let mut latest = self.latest.iter();
        latest.all(|entry| log.keeps_cold(entry, selectors, keep))
    }

    /// Looks for what a start asks for, also among what only the provider has.
    pub(super) async fn find(
        namespace: &Arc<Namespace>,
        selectors: &[Selector],
        start: Start,
        mut keep: Keep<'_>,
    ) -> Result<Self, SubscribeError> {
        if !namespace.capabilities.replay || matches!(start, Start::Latest | Start::Earliest) {
            return Ok(Self::none(namespace));
        }
        let mut tries = 0;
        loop {
            let purges = namespace.read_log().purges();
            keep.now = namespace.clock.millis();
            let older = Self::find_once(namespace, selectors, start, keep).await?;
            tries += 1;
            let log = namespace.read_log();
            keep.now = namespace.clock.millis();
            // What was purged or withdrawn meanwhile may be among what was found, and what came may have gone.
            let is_current = log.purges() == purges
                && log.epoch() == older.epoch
                && older.is_kept(&log, selectors, keep)
                && log.evicted_through() <= older.head;
            if is_current || tries == MOST_TRIES {
                return Ok(older);
            }
        }
    }

    async fn find_once(
        namespace: &Arc<Namespace>,
        selectors: &[Selector],
        start: Start,
        keep: Keep<'_>,
    ) -> Result<Self, SubscribeError> {
        let mut older = Self::none(namespace);
        match start {
            Start::Latest | Start::Earliest => {}
            Start::Last(count) => {
                let (first, gone) = namespace.with_channels(selectors, |log, channels| {
                    let gone = log.gone(channels);
                    older.head = log.head().seq;
                    older.latest = log.last_behind(channels, gone, count, keep);
                    (log.trimmed() + 1, gone)
                });
                let missing = count - older.latest.len();
                let elsewhere = latest(namespace, selectors, keep, (first, gone), missing).await?;
                older.latest.extend(elsewhere);
            }
            Start::Since(time) => {
                let time = unix_millis(time);
                let (first, evicted, is_here) = {
                    let log = namespace.read_log();
                    let evicted = log.evicted_through();
                    older.head = log.head().seq;
                    older.since = log.before_time(evicted, time);
                    let is_here = log.begins_before(evicted, time);
                    (log.trimmed() + 1, evicted, is_here)
                };
                if !is_here && let Some(seq) = recent(namespace, first, evicted, time).await? {
                    older.since = Some(seq - 1);
                }
            }
        }
        Ok(older)
    }

    /// The place to begin at, by what the log is now.
    pub(super) fn position(
        &self,
        log: &Log,
        channels: &[ChannelId],
        start: Start,
        keep: Keep<'_>,
    ) -> Position {
        let shared = log.last_shared_with(self.epoch);
        let is_shared = |seq: &u64| self.epoch == log.epoch() || *seq <= shared;
        let head = Some(self.head).filter(is_shared).unwrap_or(shared);
        let before = match start {
            Start::Latest => None,
            Start::Earliest => return log.place_of_retained(channels, 0),
            Start::Last(count) => {
                let here = log.last_behind(channels, head, count, keep);
                let older = self.latest.iter().filter(|it| is_shared(&it.seq()));
                let latest = here.iter().chain(older).take(count);
                latest.last().map(|first| first.seq() - 1)
            }
            Start::Since(time) => self
                .since
                .filter(is_shared)
                .or_else(|| log.before_time(head, unix_millis(time))),
        };
        before.map_or(log.head(), |seq| log.position_at(seq))
    }
}

fn unix_millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since.map_or(0, |it| it.as_millis())).unwrap_or(u64::MAX)
}

/// The last entries that are handed out of those that the provider has between two sequences, latest first.
async fn latest(
    namespace: &Namespace,
    selectors: &[Selector],
    keep: Keep<'_>,
    (first, mut through): (u64, u64),
    count: usize,
) -> Result<Vec<Arc<Entry>>, SubscribeError> {
    let topics = namespace.by_topic(selectors);
    let (mut latest, mut width) = (Vec::new(), WINDOW);
    while latest.len() < count && through >= first {
        let from = first.max(through.saturating_sub(width - 1));
        let mut window = VecDeque::new();
        let (mut next, missing) = (from, count - latest.len());
        while next <= through {
            let page = namespace.read_provider(topics.as_deref(), next, PAGE);
            let page = read(page, next).await?;
            next = page.scanned_through + 1;
            let (now, unix_now) = (namespace.clock.millis(), namespace.clock.unix_millis());
            let log = namespace.read_log();
            let records = page.records.into_iter().filter(|it| it.seq <= through);
            let entries = records.map(|record| log.cold_entry(record, now, unix_now));
            window.extend(entries.filter(|entry| log.keeps_cold(entry, selectors, keep)));
            window.drain(..window.len().saturating_sub(missing));
        }
        if window.len() < missing {
            width = width.saturating_mul(2);
        }
        latest.extend(window.into_iter().rev());
        through = from - 1;
    }
    Ok(latest)
}

/// The first sequence between two behind which entries are dated at this time or later.
async fn recent(
    namespace: &Namespace,
    first: u64,
    through: u64,
    time: u64,
) -> Result<Option<u64>, SubscribeError> {
    let (mut from, mut end) = (first, through + 1);
    while from < end {
        let middle = from + (end - from) / 2;
        let page = read(namespace.provider.read(middle, 1), middle).await?;
        let old = page.records.first().filter(|it| it.time < time);
        match old {
            Some(record) if record.seq < end => from = record.seq + 1,
            _ => end = middle,
        }
    }
    Ok((from <= through).then_some(from))
}

/// Waits for a page from a sequence on.
async fn read(
    page: BoxFuture<'_, Result<Page, ProviderError>>,
    from: u64,
) -> Result<Page, SubscribeError> {
    let page = page.await;
    let page = page.map_err(|error| SubscribeError::unavailable(Some(error)))?;
    // One that looked at nothing cannot say that there is nothing.
    if page.scanned_through < from {
        return Err(SubscribeError::unavailable(None));
    }
    Ok(page)
}
