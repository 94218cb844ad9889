use std::io;

use super::{
    disk::Disk,
    error::{OpenError, OpenErrorKind},
    lineage::Lineage,
    recovery::{firsts, read},
    segment::Segment,
    storage::Storage,
    trimmed::Trimmed,
};
use crate::{position::Epoch, provider::Ancestor};

/// What lies in a log's directory, read without changing any of it, be the log open or not.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The log's lineage; `None` if its file is missing or damaged.
    pub epoch: Option<Epoch>,
    /// The lineages before it.
    pub ancestors: Vec<Ancestor>,
    /// The files with entries, ascending.
    pub segments: Vec<SegmentFile>,
    /// What is damaged, each with the file and the offset in bytes; recovering goes on without it.
    pub damage: Vec<(String, u64)>,
}

/// One file with entries.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct SegmentFile {
    /// Its name.
    pub name: String,
    /// The first sequence that it may have.
    pub first: u64,
    /// The last sequence that it has; one less than the first if it has none.
    pub last: u64,
    /// How many entries it has.
    pub entries: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// Bytes at its end of a batch that was never acknowledged, or is being written.
    pub incomplete_bytes: u64,
    /// Sequences that are missing, as first and last.
    pub holes: Vec<(u64, u64)>,
}

impl Inspection {
    /// Reads every byte of a log's directory.
    ///
    /// # Errors
    /// [`OpenError`] if the directory or a file cannot be read; damage is no error here.
    pub fn of(directory: impl Into<std::path::PathBuf>) -> Result<Self, OpenError> {
        Self::of_storage(&Disk::new(directory))
    }

    /// The same, of something that behaves like a directory.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_storage(storage: &dyn Storage) -> Result<Self, OpenError> {
        let mut found = Self {
            epoch: None,
            ancestors: Vec::new(),
            segments: Vec::new(),
            damage: Vec::new(),
        };
        let names = storage.list().map_err(|error| OpenError::io("", error))?;
        let firsts = firsts(&names);
        match Lineage::read(storage) {
            Ok(Some(lineage)) => {
                (found.epoch, found.ancestors) = (Some(lineage.epoch), lineage.ancestors);
            }
            Ok(None) if firsts.is_empty() => {}
            Err(error) if error.kind() != io::ErrorKind::InvalidData => {
                return Err(OpenError::io(super::lineage::NAME, error));
            }
            _ => found.damage.push((super::lineage::NAME.into(), 0)),
        }
        match Trimmed::load(storage) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                found.damage.push((super::trimmed::NAME.into(), 0));
            }
            Err(error) => return Err(OpenError::io(super::trimmed::NAME, error)),
            Ok(_) => {}
        }
        let mut expected = None;
        for (index, &first) in firsts.iter().enumerate() {
            if let Some(missing) = expected.filter(|it| *it != first) {
                found.damage.push((Segment::name(missing), 0));
            }
            let next = firsts.get(index + 1).copied();
            found.look_into(storage, first, next)?;
            expected = found.segments.last().map(|it| it.last + 1);
            if found
                .damage
                .last()
                .is_some_and(|(name, _)| *name == Segment::name(first))
            {
                expected = next;
            }
        }
        Ok(found)
    }

    /// Returns the first sequence that is held; one more than the head if none is.
    pub fn first(&self) -> u64 {
        self.segments.first().map_or(1, |segment| segment.first)
    }

    /// Returns the last sequence.
    pub fn head(&self) -> u64 {
        self.segments.last().map_or(0, |segment| segment.last)
    }

    /// Returns how many entries there are.
    pub fn entries(&self) -> u64 {
        self.segments.iter().map(|segment| segment.entries).sum()
    }

    /// Returns how many bytes the files with entries have.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    fn look_into(
        &mut self,
        storage: &dyn Storage,
        first: u64,
        next: Option<u64>,
    ) -> Result<(), OpenError> {
        let name = Segment::name(first);
        let failed = |error| OpenError::io(&name, error);
        let file = storage.open(&name).map_err(failed)?;
        let mut segment = SegmentFile {
            name: name.clone(),
            first,
            last: next.unwrap_or(first) - 1,
            entries: 0,
            bytes: file.size().map_err(failed)?,
            incomplete_bytes: 0,
            holes: Vec::new(),
        };
        match read(storage, first) {
            Ok(mut read) => {
                segment.last = read.segment.last;
                segment.entries = read.segment.entries;
                segment.holes = read.segment.holes;
                if let Some(offset) = read.broken {
                    if next.is_some() || read.scan.was_synced(offset).map_err(failed)? {
                        self.damage.push((name.clone(), offset));
                    } else {
                        segment.incomplete_bytes = read.scan.size() - read.segment.size;
                    }
                }
            }
            Err(error) if error.kind() == OpenErrorKind::Damaged => {
                self.damage
                    .push((name.clone(), error.offset().unwrap_or(0)));
            }
            Err(error) => return Err(error),
        }
        self.segments.push(segment);
        Ok(())
    }
}
