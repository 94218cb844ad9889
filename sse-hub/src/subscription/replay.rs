use std::sync::Arc;

use sse_core::{Gap, GapReason};

use super::{cold, start::Older, subscribe::Subscribe, subscribe_error::SubscribeError};
use crate::{
    ids::Ids,
    log::{Entry, Keep, Room},
    position::Position,
    resume::{Cursor, OnGap, Resume, Start},
    topic::Selector,
};

/// A part of a log, read without subscribing.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Replay {
    /// The entries, in order.
    pub entries: Vec<Arc<Entry>>,
    /// What became of the cursor.
    pub resume: Resume,
    /// Where to read on: hand it in as an id.
    pub next: Position,
}

/// The most wire bytes taken at once while the log is locked.
const BYTES_AT_ONCE: usize = 1024 * 1024;
/// The most entries asked of the provider at once.
const PAGE: usize = 256;

impl Subscribe {
    /// Reads what a subscription would replay, and stops there.
    pub(crate) async fn read(self, limit: usize) -> Result<Replay, SubscribeError> {
        let subscribe = self.from(Start::Earliest).on_gap(OnGap::Earliest);
        let (namespace, ids): (_, Ids) = subscribe.place();
        let selectors = subscribe.selectors()?;
        namespace.pump();
        let cursor = subscribe.requested().and_then(|id| Cursor::read(id, ids));
        let found = cold::find_out(&namespace, &selectors, cursor.as_ref()).await?;
        let older = Older::none(&namespace);
        let held = namespace.hold(&selectors);
        let judged = held.look(|log, channels| {
            let decision = found.decide(&namespace, log, channels, cursor.as_ref(), true);
            subscribe.judge(log, channels, decision, &older)
        });
        let mut replay = Replay {
            entries: Vec::new(),
            resume: judged.resume,
            next: judged.position,
        };
        let through = judged.head;
        let hole = namespace.read_log().hole_after(replay.next.seq);
        if hole.is_some_and(|(_, to)| to <= through) && !matches!(replay.resume, Resume::Gap(_)) {
            let requested = replay.next.to_string();
            replay.resume = Resume::Gap(Gap::new(GapReason::Provider).requested(requested));
        }
        while replay.entries.len() < limit && replay.next.seq < through {
            let keep = Keep {
                through,
                replay_through: through,
                latest_per_key: false,
                filter: None,
                now: namespace.clock.millis(),
            };
            let room = limit - replay.entries.len();
            let found = held.look(|log, channels| {
                if namespace.capabilities.replay && log.gone(channels) > replay.next.seq {
                    return None;
                }
                let room = Room {
                    bytes: BYTES_AT_ONCE,
                    entries: Some(room as u64),
                };
                let taken = log.take(channels, replay.next.seq, room, keep, Vec::new());
                Some((
                    taken.entries,
                    taken.position.unwrap_or_else(|| log.position_at(through)),
                ))
            });
            let (entries, next) = match found {
                Some(found) => found,
                None => {
                    let old = read_old(&namespace, &selectors, replay.next, keep).await?;
                    // What retention removed before the page was read is not in it.
                    let trimmed = held.look(|log, channels| {
                        let trimmed = namespace.trimmed(log, channels);
                        (trimmed > replay.next.seq).then(|| log.position_at(trimmed.min(through)))
                    });
                    match trimmed {
                        None => old,
                        Some(_) if !replay.entries.is_empty() => break,
                        Some(at) => {
                            if replay.resume == Resume::Complete {
                                let requested = replay.next.to_string();
                                let gap = Gap::new(GapReason::Expired).requested(requested);
                                replay.resume = Resume::Gap(gap);
                            }
                            replay.next = at;
                            continue;
                        }
                    }
                }
            };
            replay.entries.extend(entries.into_iter().take(room));
            replay.next = match replay.entries.last() {
                Some(last) if replay.entries.len() >= limit => last.position(),
                _ => next,
            };
        }
        Ok(replay)
    }
}

/// Reads a page of what only the provider has.
async fn read_old(
    namespace: &Arc<crate::namespace::Namespace>,
    selectors: &[Selector],
    after: Position,
    keep: Keep<'_>,
) -> Result<(Vec<Arc<Entry>>, Position), SubscribeError> {
    let topics = namespace.by_topic(selectors);
    let page = namespace.read_provider(topics.as_deref(), after.seq + 1, PAGE);
    let page = page.await;
    let page = page.map_err(|error| SubscribeError::unavailable(Some(error)))?;
    if page.scanned_through <= after.seq {
        // One that looked at nothing cannot say that there is nothing.
        return Err(SubscribeError::unavailable(None));
    }
    let page = namespace.checked(page);
    let (now, unix_now) = (namespace.clock.millis(), namespace.clock.unix_millis());
    let log = namespace.read_log();
    let read: Vec<_> = page
        .records
        .into_iter()
        .map(|record| log.cold_entry(record, now, unix_now))
        .collect();
    let room = Room {
        bytes: usize::MAX,
        entries: None,
    };
    let (entries, position) = log.take_cold(&read, after.seq, selectors, room, keep);
    let scanned = page.scanned_through.min(keep.through);
    Ok((
        entries,
        position.unwrap_or_else(|| log.position_at(scanned)),
    ))
}
