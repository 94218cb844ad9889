use super::{cursor::Cursor, outcome::OnGap};
use crate::{position::Epoch, provider::Ancestor};

/// What is known of a log when a cursor is judged; nothing else goes into the decision.
#[expect(clippy::exhaustive_structs, reason = "every part must be thought of")]
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The log's lineage.
    pub epoch: Epoch,
    /// The lineages before it.
    pub ancestors: &'a [Ancestor],
    /// The last entry.
    pub head: u64,
    /// The nonce at the cursor's sequence.
    pub nonce: Nonce,
    /// The highest sequence that retention or a purge removed from any topic that is asked for.
    pub lost: u64,
    /// Whether every retained entry was appended under the present epoch.
    pub all_of_this_epoch: bool,
    /// Whether a cursor ahead of the head is certainly from another past.
    pub head_is_certain: bool,
    /// For an own id: the sequence of the first entry that has it.
    pub own_id_at: Option<u64>,
}

/// What is known of the nonce of an entry.
#[expect(clippy::exhaustive_enums, reason = "whoever decides must look at each")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Nonce {
    /// It is this one.
    Known(u32),
    /// The entry is not held, and its nonce was not kept.
    Unknown,
}

/// What becomes of a resume.
#[expect(clippy::exhaustive_enums, reason = "whoever decides must look at each")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// Nothing to resume from.
    Fresh,
    /// Everything behind this sequence is there.
    Complete {
        /// The entry to go on behind.
        after: u64,
    },
    /// Something is missing, or it cannot be known; all that is retained behind this sequence is new to the client.
    GapThenRetained {
        /// Why.
        cause: GapCause,
        /// The entry to go on behind.
        after: u64,
    },
    /// It cannot be known what the client has seen: the caller says where to go on.
    Gap {
        /// Why.
        cause: GapCause,
    },
    /// The provider must be asked how far its log goes.
    AskProvider,
}

/// Why a resume is not complete.
#[expect(clippy::exhaustive_enums, reason = "the rows of the protocol's table")]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum GapCause {
    /// The id is no id.
    Malformed,
    /// No event that is held has the id.
    Unknown,
    /// Another entry has the number.
    Forked,
    /// The log began anew.
    Epoch,
    /// The log ends before the cursor.
    Rollback,
    /// Entries behind the cursor are no longer held.
    Expired,
}

/// Judges a cursor: the whole of the resume protocol, without a clock, a lock or a side effect.
///
/// | cursor | result |
/// |---|---|
/// | none | fresh |
/// | malformed, or an own id that is not held | gap, then as the caller says |
/// | of this epoch, up to the head, its nonce not another one, nothing lost behind it | complete |
/// | of this epoch, up to the head, another nonce | gap `forked`, then as the caller says |
/// | of this epoch, up to the head, its nonce not another one, something lost behind it | gap `expired`, then all that is retained |
/// | of this epoch, beyond the head | gap `rollback` at the head; ask first where the tail may be behind |
/// | of an ancestor, before the fork, its nonce the same | complete; gap `expired` if something is lost behind it, as above |
/// | of another epoch, all that is retained is of the present one | gap `epoch`, then all that is retained |
/// | of another epoch otherwise | gap `epoch`, then as the caller says |
pub fn decide(cursor: Option<&Cursor>, view: &View<'_>) -> Decision {
    let position = match cursor {
        None => return Decision::Fresh,
        Some(Cursor::Malformed) => {
            return Decision::Gap {
                cause: GapCause::Malformed,
            };
        }
        Some(Cursor::Own(_)) => {
            return match view.own_id_at {
                None => Decision::Gap {
                    cause: GapCause::Unknown,
                },
                Some(seq) => complete_unless_lost(seq, view),
            };
        }
        Some(Cursor::Position(position)) => position,
    };
    let nonce_differs = match view.nonce {
        Nonce::Known(nonce) => nonce != 0 && position.nonce != 0 && nonce != position.nonce,
        Nonce::Unknown => false,
    };
    if position.epoch == view.epoch {
        return if position.seq > view.head {
            if view.head_is_certain {
                Decision::Gap {
                    cause: GapCause::Rollback,
                }
            } else {
                Decision::AskProvider
            }
        } else if nonce_differs && position.seq > 0 {
            Decision::Gap {
                cause: GapCause::Forked,
            }
        } else {
            complete_unless_lost(position.seq, view)
        };
    }
    let shared_past = view
        .ancestors
        .iter()
        .any(|ancestor| ancestor.epoch == position.epoch && position.seq < ancestor.fork_at);
    let same_entry =
        matches!(view.nonce, Nonce::Known(nonce) if nonce != 0 && nonce == position.nonce);
    if shared_past && same_entry {
        complete_unless_lost(position.seq, view)
    } else if view.all_of_this_epoch {
        Decision::GapThenRetained {
            cause: GapCause::Epoch,
            after: 0,
        }
    } else {
        Decision::Gap {
            cause: GapCause::Epoch,
        }
    }
}

fn complete_unless_lost(seq: u64, view: &View<'_>) -> Decision {
    if view.lost > seq {
        Decision::GapThenRetained {
            cause: GapCause::Expired,
            after: seq,
        }
    } else {
        Decision::Complete { after: seq }
    }
}

impl GapCause {
    /// The word that the gap event bears.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Forked => "forked",
            Self::Epoch => "epoch",
            Self::Rollback => "rollback",
            Self::Expired => "expired",
        }
    }

    /// Where reading goes on if the caller says nothing: at the head, and after a rollback always there.
    pub(crate) fn start(self, on_gap: OnGap) -> OnGap {
        match (self, on_gap) {
            (_, OnGap::Fail) => OnGap::Fail,
            (Self::Rollback, _) => OnGap::Latest,
            (_, chosen) => chosen,
        }
    }
}
