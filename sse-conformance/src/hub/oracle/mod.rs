//! Proves on a record that nothing was lost in silence, doubled, or out of order.

mod delivery;
mod expected;
mod interruption;
mod reader;
mod truth;
mod violation;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sse_hub::{PresenceChange, provider::TailItem};

use super::{
    coverage::Coverage,
    record::{Answer, Happened, Refusal},
};
use reader::Reader;
use truth::Truth;
pub use violation::Violation;
use violation::{ACK, LIVENESS, MEMORY, PRESENCE, RESUME};

/// The wall time at which the clocks of a run begin, in milliseconds since 1970.
pub(crate) const UNIX_START: u64 = 1_700_000_000_000;

/// Checks a record from its beginning to its end, and tells what it exercised.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(record: &[Happened], coverage: &mut Coverage) -> Result<(), Violation> {
    let mut checker = Checker::default();
    for happened in record {
        checker.take(happened, coverage)?;
    }
    Ok(())
}

#[derive(Default)]
struct Checker {
    logs: BTreeMap<usize, Truth>,
    readers: BTreeMap<usize, Reader>,
    acked: Vec<(usize, String, Answer)>,
    keys: HashMap<(usize, String), (u64, u32)>,
    presence: BTreeMap<(usize, String, u64), i64>,
    /// Hubs whose watch was not told of every change.
    missed_presence: BTreeSet<usize>,
    now: u64,
}

type Checked = Result<(), Violation>;

impl Checker {
    fn take(&mut self, happened: &Happened, coverage: &mut Coverage) -> Checked {
        let (now, unix_now) = (self.now, UNIX_START + self.now);
        match happened {
            Happened::Began {
                hub,
                status,
                records,
                rules,
            } => {
                let mut log = Truth::new(status, records, rules.clone(), now);
                if rules.durable
                    && let Some((_, earlier)) = self.logs.last_key_value()
                {
                    log.go_on_from(earlier)?;
                    coverage.saw("began again");
                    // A key that was used is used for as long as its entry is there.
                    let used = self
                        .keys
                        .iter()
                        .filter(|(_, (seq, _))| *seq >= status.first);
                    let used = used.map(|((_, key), place)| ((*hub, key.clone()), *place));
                    self.keys.extend(used.collect::<Vec<_>>());
                }
                self.logs.insert(*hub, log);
            }
            Happened::Told { hub, item } => {
                if let TailItem::EpochChanged { fork_at, .. } = item {
                    self.keys.retain(|_, (seq, _)| *seq < *fork_at);
                }
                if let Some(log) = self.logs.get_mut(hub) {
                    log.take(item, now, unix_now);
                }
            }
            Happened::Published {
                hub,
                data,
                idempotency_key,
                answer,
            } => {
                self.published(*hub, data, idempotency_key.as_ref(), answer, coverage)?;
            }
            Happened::Clock { millis } => {
                self.now += millis;
                for log in self.logs.values_mut() {
                    log.tick(self.now);
                }
                for reader in self.readers.values_mut() {
                    reader.falls_behind(&self.logs[&reader.hub], self.now);
                }
            }
            Happened::Connecting {
                connection,
                hub,
                wish,
                log_head,
            } => {
                let log = &self.logs[hub];
                let mut reader = Reader::new(*connection, *hub, wish.clone(), *log_head, log);
                reader.asks(log, now);
                self.readers.insert(*connection, reader);
            }
            Happened::Refused { connection, why } => {
                if let Some(reader) = self.readers.remove(connection) {
                    let log = &self.logs[&reader.hub];
                    match why {
                        Refusal::Gap(word) => reader.refused(word, log, coverage)?,
                        Refusal::Unavailable if log.rules.replay => coverage.saw("row R6b"),
                        Refusal::Closed if log.draining => coverage.saw("refused: closed"),
                        other => {
                            return Err(Violation::new(
                                RESUME,
                                format!("connection {connection} is refused: {other:?}"),
                            ));
                        }
                    }
                }
            }
            Happened::Shutdown { hub } => {
                if let Some(log) = self.logs.get_mut(hub) {
                    log.draining = true;
                }
            }
            Happened::Settled { hub } => self.settled(*hub, coverage)?,
            Happened::Disturbed { fault } => coverage.saw(format!("fault {fault}")),
            Happened::Presence { hub, change } => self.present(*hub, change)?,
            Happened::Emptied { hub, pinned, kept } => {
                self.emptied(*hub, *pinned, *kept, coverage)?;
            }
            Happened::Connected { connection, .. }
            | Happened::Received { connection, .. }
            | Happened::Considered { connection, .. }
            | Happened::Ended { connection, .. }
            | Happened::Left { connection }
            | Happened::Topics { connection, .. }
            | Happened::Kicked { connection } => {
                if let Some(reader) = self.readers.get_mut(connection) {
                    let log = &self.logs[&reader.hub];
                    Self::read(reader, log, happened, now, coverage)?;
                }
            }
        }
        Ok(())
    }

    fn read(
        reader: &mut Reader,
        log: &Truth,
        happened: &Happened,
        now: u64,
        coverage: &mut Coverage,
    ) -> Checked {
        match happened {
            Happened::Connected { resume, .. } => reader.connected(resume, log, now, coverage),
            Happened::Received { block, .. } => reader.received(block, log, now, coverage),
            Happened::Considered { position, .. } => {
                reader.considered(*position, log, now, coverage)
            }
            Happened::Ended { reason, .. } => reader.ended(reason.as_deref(), log, coverage),
            Happened::Topics {
                added,
                removed,
                after,
                ..
            } => {
                reader.change_topics(added, removed, after.seq, log);
                Ok(())
            }
            Happened::Kicked { .. } => {
                reader.kicked(log);
                Ok(())
            }
            _ => {
                reader.is_over = true;
                Ok(())
            }
        }
    }

    fn published(
        &mut self,
        hub: usize,
        data: &str,
        key: Option<&String>,
        answer: &Result<Answer, String>,
        coverage: &mut Coverage,
    ) -> Checked {
        let log = &self.logs[&hub];
        let answer = match answer {
            Ok(answer) => *answer,
            Err(_) if log.draining || log.rules.replay => {
                if log.rules.durable && !log.draining {
                    coverage.saw("publish: refused by the disk");
                }
                return Ok(());
            }
            Err(error) => return Err(Violation::new(ACK, format!("{data} is refused: {error}"))),
        };
        let place = (answer.seq, answer.nonce);
        match key {
            Some(key) => {
                let first = *self.keys.entry((hub, key.clone())).or_insert(place);
                if first != place {
                    return Err(Violation::new(
                        ACK,
                        format!("{data} repeats a key at {place:?} instead of {first:?}"),
                    ));
                }
                if answer.duplicate {
                    coverage.saw("publish: repeated key");
                }
            }
            None if answer.duplicate => {
                return Err(Violation::new(
                    ACK,
                    format!("{data} is a duplicate without a key"),
                ));
            }
            None => {}
        }
        if !answer.duplicate {
            self.acked.push((hub, data.to_owned(), answer));
        }
        coverage.saw("publish");
        Ok(())
    }

    fn settled(&mut self, hub: usize, coverage: &mut Coverage) -> Checked {
        let log = &self.logs[&hub];
        for (hub_of, data, answer) in &self.acked {
            let is_it = |it: &truth::Entry| {
                it.data == *data && (it.seq, it.nonce) == (answer.seq, answer.nonce)
            };
            let there = log.entries.get(&answer.seq).is_some_and(is_it)
                || log.withdrawn.iter().any(is_it)
                || log
                    .holes_told
                    .iter()
                    .any(|&(from, to)| (from..=to).contains(&answer.seq));
            if *hub_of == hub && !there {
                return Err(Violation::new(
                    ACK,
                    format!("{data} was acknowledged at {} and is not there", answer.seq),
                ));
            }
        }
        for (number, reader) in &mut self.readers {
            if reader.hub == hub && !reader.is_over {
                reader.is_released()?;
                reader
                    .pass(log.head, log, self.now, coverage)
                    .map_err(|missing| {
                        Violation::new(
                            LIVENESS,
                            format!("connection {number} was not given everything: {missing}"),
                        )
                    })?;
            }
        }
        coverage.saw("settled");
        Ok(())
    }

    fn present(&mut self, hub: usize, change: &PresenceChange) -> Checked {
        let (selector, member, step) = match change {
            PresenceChange::Start { selector, member } => (selector, member, 1),
            PresenceChange::End { selector, member } => (selector, member, -1),
            _ => {
                self.missed_presence.insert(hub);
                return Ok(());
            }
        };
        let key = (hub, selector.to_string(), member.subscription);
        let balance = self.presence.entry(key.clone()).or_default();
        *balance += step;
        if (0..=1).contains(balance) || self.missed_presence.contains(&hub) {
            return Ok(());
        }
        let text = format!("{key:?} has {balance} more starts than ends");
        Err(Violation::new(PRESENCE, text))
    }

    fn emptied(
        &self,
        hub: usize,
        pinned: u64,
        [kept, reference]: [(u64, u64); 2],
        coverage: &mut Coverage,
    ) -> Checked {
        coverage.saw("emptied");
        if pinned != 0 {
            return Err(Violation::new(
                MEMORY,
                format!("hub {hub}: {pinned} bytes are pinned by nobody"),
            ));
        }
        if kept != reference {
            return Err(Violation::new(
                MEMORY,
                format!(
                    "hub {hub}: retained and index bytes are {kept:?}, without readers {reference:?}"
                ),
            ));
        }
        let uneven = self
            .presence
            .iter()
            .find(|((of, ..), balance)| *of == hub && **balance != 0);
        match uneven {
            Some((key, balance)) if !self.missed_presence.contains(&hub) => Err(Violation::new(
                PRESENCE,
                format!("{key:?} has {balance} more starts than ends"),
            )),
            _ => Ok(()),
        }
    }
}
