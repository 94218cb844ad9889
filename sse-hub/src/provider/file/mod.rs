//! A log in files of its own: one process with a disk, and nothing else, keeps history across crashes and deploys.

#![doc = include_str!("guide.md")]
#![expect(
    clippy::cast_possible_truncation,
    reason = "lengths are of what was checked against a limit"
)]

mod body;
mod disk;
mod error;
mod frame;
mod frames;
mod handle;
mod index;
mod inspect;
mod lineage;
mod options;
mod pieces;
mod promise;
mod reading;
mod recovery;
mod repair;
mod requests;
mod scan;
mod segment;
mod shared;
mod simulated;
mod storage;
mod tail;
mod topics;
mod trimmed;
mod upkeep;
mod view;
mod window;
mod writer;

pub use disk::Disk;
pub use error::{OpenError, OpenErrorKind};
pub use handle::File;
pub use inspect::{Inspection, SegmentFile};
pub use options::{OnDamage, Options};
pub use simulated::{Simulated, Trouble};
pub use storage::{Storage, StoredFile};
