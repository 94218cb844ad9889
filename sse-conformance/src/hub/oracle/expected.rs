use std::time::SystemTime;

use sse_core::EventId;
use sse_hub::{Ids, OnGap, Position, Start};

use super::truth::{Entry, State, Truth};
use crate::hub::record::Wish;

/// What a subscriber may be told, by the protocol's table read anew; where more than one row fits, the log's state is not exactly known.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) rows: Vec<Row>,
}

/// One row: its name, the outcome's word, and where reading goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) word: &'static str,
    pub(super) from: From,
}

/// Where reading begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum From {
    /// Behind what was the head at that moment.
    Head,
    /// Behind exactly this.
    After(u64),
    /// With all that is retained behind this.
    Retained(u64),
    /// As the keyword says: with the last so many, or what is not older.
    Last(usize),
    Since(u64),
}

impl Expected {
    pub(super) fn of(wish: &Wish, log: &Truth, log_head: u64) -> Self {
        let rows = match wish.after.as_ref().filter(|id| !id.is_empty()) {
            None => vec![fresh(wish)],
            Some(id) => rows(id, wish, log, log_head),
        };
        Self { rows }
    }
}

fn row(name: &'static str, word: &'static str, from: From) -> Row {
    Row { name, word, from }
}

fn fresh(wish: &Wish) -> Row {
    let from = match wish.start {
        Start::Earliest => From::Retained(0),
        Start::Last(count) => From::Last(count),
        Start::Since(time) => {
            let since = time.duration_since(SystemTime::UNIX_EPOCH);
            From::Since(since.map_or(0, |it| it.as_millis() as u64))
        }
        _ => From::Head,
    };
    row("R0", "fresh", from)
}

fn rows(id: &EventId, wish: &Wish, log: &Truth, log_head: u64) -> Vec<Row> {
    let choice = match wish.on_gap {
        OnGap::Earliest => From::Retained(0),
        _ => From::Head,
    };
    let text = id.as_str();
    if log.rules.ids != Ids::Bare {
        match text.parse::<Position>() {
            Ok(position) => return rows_of(position, wish, log, log_head, choice),
            Err(_) if text.len() > 256 || is_shaped(text) => {
                return vec![row("R1 malformed", "malformed", choice)];
            }
            Err(_) => {}
        }
    }
    let unknown = row("R1 unknown", "unknown", choice);
    let is_known = |it: &Entry| it.state == State::Retained || log.rules.durable && log.is_held(it);
    let has_id = |it: &&Entry| it.own_id.as_ref() == Some(id) && is_known(it);
    match log.entries.values().find(has_id) {
        Some(entry) if log.rules.exact => judged_by_loss(entry.seq, wish, log, "R2 own id"),
        Some(entry) => {
            let mut rows = judged_by_loss(entry.seq, wish, log, "R2 own id");
            rows.push(unknown);
            rows
        }
        None => {
            // Which of a topic's last entries are kept beyond the count is only nearly known.
            let again = |it: &&Entry| it.own_id.as_ref() == Some(id) && log.rules.per_topic > 0;
            let kept = log.entries.values().find(again);
            let rows = kept.map(|entry| judged_by_loss(entry.seq, wish, log, "R2 own id"));
            rows.unwrap_or_default()
                .into_iter()
                .chain([unknown])
                .collect()
        }
    }
}

fn is_shaped(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let shaped = |epoch: &str, seq: &str, nonce: &str| {
        let lower = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
        epoch.len() == 8
            && epoch.bytes().all(lower)
            && !seq.is_empty()
            && seq.bytes().all(|byte| byte.is_ascii_digit())
            && nonce.len() == 8
            && nonce.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    text.starts_with("v1.")
        || text.starts_with("o1.")
        || matches!(parts[..], [epoch, seq, nonce] if shaped(epoch, seq, nonce))
}

fn rows_of(cursor: Position, wish: &Wish, log: &Truth, log_head: u64, choice: From) -> Vec<Row> {
    let entry = log.entries.get(&cursor.seq);
    if cursor.epoch == log.epoch {
        if cursor.seq > log.head {
            // Even if the log has it, the hub may not have come so far.
            return if log_head >= cursor.seq {
                vec![]
            } else {
                vec![row("R6 rollback", "rollback", From::Head)]
            };
        }
        let known = match entry {
            Some(entry) if entry.state == State::Retained || log.rules.replay => Some(entry.nonce),
            _ if cursor.seq == log.head => Some(log.head_nonce),
            _ => None,
        };
        let known = known.filter(|&nonce| nonce != 0 && cursor.nonce != 0 && cursor.seq > 0);
        let forked = row("R3", "forked", choice);
        return match known {
            Some(nonce) if nonce != cursor.nonce => {
                let mut rows = vec![forked];
                let is_on_disk = log.rules.durable && entry.is_some_and(|it| log.is_held(it));
                if (!log.rules.exact || log.rules.replay) && !is_on_disk {
                    // It may be held no more.
                    rows.extend(judged_by_loss(cursor.seq, wish, log, "R7"));
                }
                rows
            }
            Some(_) => judged_by_loss(cursor.seq, wish, log, "R2"),
            None => {
                let name = if cursor.seq == 0 { "R2" } else { "R7" };
                let mut rows = judged_by_loss(cursor.seq, wish, log, name);
                // The last nonce that was dropped is kept.
                if entry.is_some_and(|it| it.nonce != cursor.nonce && cursor.nonce != 0) {
                    rows.push(forked);
                }
                rows
            }
        };
    }
    let shared = |&(epoch, fork_at): &(_, u64)| epoch == cursor.epoch && cursor.seq < fork_at;
    let same = entry.is_some_and(|it| it.nonce == cursor.nonce && it.nonce != 0);
    let mut rows = Vec::new();
    if log.ancestors.iter().any(shared) && same {
        rows.extend(judged_by_loss(cursor.seq, wish, log, "R4"));
        if log.rules.replay && entry.is_some_and(|it| log.is_held(it)) {
            return rows;
        }
    }
    if log.is_of_one_epoch() {
        rows.push(row("R5a", "epoch", From::Retained(0)));
    } else {
        rows.push(row("R5b", "epoch", choice));
    }
    rows
}

fn judged_by_loss(seq: u64, wish: &Wish, log: &Truth, name: &'static str) -> Vec<Row> {
    let complete = row(name, "complete", From::After(seq));
    let expired = row("R8", "expired", From::Retained(seq));
    if log.lost(&wish.selectors) > seq {
        if log.rules.exact {
            vec![expired]
        } else {
            vec![expired, complete]
        }
    } else if log.rules.exact && !log.rules.replay {
        vec![complete]
    } else {
        // What is lost is known only roughly, and never too little.
        vec![complete, expired]
    }
}
