//! The ring of entries in memory: immutable, ascending, with an index for each topic and pattern.

mod ascending;
mod batch_cache;
mod channel;
mod directory;
mod entry;
mod fading;
mod lineage;
mod places;
mod reading;
mod ring;
mod view;

pub(crate) use channel::ChannelId;
pub use entry::Entry;
pub(crate) use fading::Waited;
pub(crate) use reading::{Keep, Room};
#[cfg(test)]
pub(crate) use ring::tests;
pub(crate) use ring::{Log, LogBytes, LogOptions};
