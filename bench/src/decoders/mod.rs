//! Every contender, each reduced to the same call.

mod limits;
mod ours;

mod peers;

pub use limits::SCAN_UTF8;
pub use ours::{borrowed_unlimited, owned_unlimited};

use crate::{
    chunks::Chunks,
    sink::{Collected, Seen, Sink, Tally},
};

/// A decoder that can be run over chunks held in memory.
pub trait Decode {
    fn decode(chunks: Chunks<'_>, sink: &mut impl Sink);
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Contender {
    pub name: &'static str,
    pub role: Role,
    pub tally: fn(Chunks<'_>) -> Tally,
    collect: Option<fn(Chunks<'_>) -> Vec<Seen>>,
}

/// What a contender is compared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Borrowed,
    Owned,
    Peer,
    Limit,
}

/// All contenders: ours, the peers, the limits.
pub fn all() -> Vec<Contender> {
    let mut all = Vec::new();
    all.extend(ours::all());
    all.extend(peers::all());
    all.extend(limits::all());
    all
}

/// The decoder that encoders' output is read with: not ours, so that a mistake of ours cannot hide.
pub fn reference() -> Contender {
    peers::reference()
}

pub fn by_name(name: &str) -> Option<Contender> {
    all().into_iter().find(|contender| contender.name == name)
}

impl Contender {
    fn new<D: Decode>(name: &'static str, role: Role) -> Self {
        Self {
            name,
            role,
            tally: |chunks| {
                let mut tally = Tally::default();
                D::decode(chunks, &mut tally);
                tally
            },
            collect: Some(|chunks| {
                let mut collected = Collected::default();
                D::decode(chunks, &mut collected);
                collected.0
            }),
        }
    }

    fn limit(name: &'static str, tally: fn(Chunks<'_>) -> Tally) -> Self {
        Self {
            name,
            role: Role::Limit,
            tally,
            collect: None,
        }
    }

    /// The events reported for the input; nothing for a limit, which decodes nothing.
    pub fn collect(&self, chunks: Chunks<'_>) -> Option<Vec<Seen>> {
        self.collect.map(|collect| collect(chunks))
    }

    pub fn is_ours(&self) -> bool {
        matches!(self.role, Role::Borrowed | Role::Owned)
    }
}
