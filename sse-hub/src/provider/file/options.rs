use std::{path::PathBuf, sync::Arc};

use super::{disk::Disk, error::OpenError, handle::File, storage::Storage};
use crate::{clock::Clock, retention::Retention};

/// How a log on disk is opened.
#[derive(Clone, Debug)]
pub struct Options {
    pub(super) retention: Retention,
    pub(super) segment_bytes: Option<u64>,
    pub(super) on_damage: OnDamage,
    pub(super) clock: Clock,
}

/// What opening does about damage: bytes on the disk that are not what was written there.
///
/// An incomplete batch at the end is none: it was never acknowledged, and is cut.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OnDamage {
    /// Refuses, and names the file and the place.
    #[default]
    Refuse,
    /// Goes on without what is damaged, under a new epoch; what is missing is a hole that readers are told of.
    Recover,
}

impl Options {
    /// Refuses damage, and keeps what [`Retention::default`] says.
    pub fn new() -> Self {
        Self {
            retention: Retention::default(),
            segment_bytes: None,
            on_damage: OnDamage::default(),
            clock: Clock::system(),
        }
    }

    /// Sets what is kept at least: count, bytes on the disk, and age, whichever is reached first,
    /// and the last entries that neither bytes nor age concern.
    ///
    /// Files are removed as a whole, so there may be a file or two more of it.
    /// Of the rest of [`Retention`] nothing is asked here: a quiet topic's entries go with the others.
    pub fn retain(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Sets how large a file may grow before the next is begun; by default a 64th of the bytes retained, 4 MiB to 1 GiB.
    /// None grows beyond 2 GiB by more than a batch.
    pub fn segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = Some(bytes);
        self
    }

    /// Sets what is done about damage.
    pub fn on_damage(mut self, choice: OnDamage) -> Self {
        self.on_damage = choice;
        self
    }

    /// Sets the clock that dates entries; the same as the hub's.
    ///
    /// With one that is moved by hand the log has no threads: [`File::maintain`] does what they would.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the log in a directory, which is made if it is not there.
    ///
    /// It blocks: an index is read for each file, and the last file as a whole;
    /// and one that has the log open is given a second to close it.
    ///
    /// # Errors
    /// [`OpenError`] if another has it open, it is damaged, or the disk cannot be used.
    pub fn open(self, directory: impl Into<PathBuf>) -> Result<File, OpenError> {
        self.open_storage(Arc::new(Disk::new(directory)))
    }

    /// Opens the log in something that behaves like a directory.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_storage(self, storage: Arc<dyn Storage>) -> Result<File, OpenError> {
        File::open_with(self, storage)
    }

    pub(super) fn segment_size(&self) -> u64 {
        let retained = self.retention.bytes as u64;
        let sized = self.segment_bytes;
        let sized = sized.unwrap_or_else(|| (retained / 64).clamp(4 << 20, 1 << 30));
        sized.min(2 << 30)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
