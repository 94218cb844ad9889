//! What is found on the disk at the start.

use std::{collections::VecDeque, io, sync::Arc};

use super::{
    error::{OpenError, OpenErrorKind},
    index,
    lineage::{self, Lineage},
    options::OnDamage,
    repair::repair,
    scan::{Batch, Item, Scan, Step},
    segment::{INDEX, NEW, Segment},
    storage::Storage,
    topics::{Growing, Listed},
    trimmed::{self, Trimmed},
};

/// The name of a file that says that the log was put back from a copy.
const RESTORED: &str = "restored";

/// A log as it was found, and made whole.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) lineage: Lineage,
    /// Segments that nothing is appended to any more.
    pub(super) sealed: VecDeque<Segment>,
    pub(super) active: Segment,
    /// The topics of the active one.
    pub(super) topics: Growing,
    pub(super) trimmed: Trimmed,
}

/// Reads a log, cuts what was never acknowledged, and does what was chosen about damage.
pub(super) fn recover(storage: &dyn Storage, choice: OnDamage) -> Result<Recovered, OpenError> {
    let found = Lineage::read(storage);
    let firsts = tidy_up(storage).map_err(|error| OpenError::io("", error))?;
    let (mut lineage, mut has_forked) = match found {
        Ok(Some(lineage)) => (lineage, false),
        Ok(None) if firsts.is_empty() => {
            let lineage = Lineage::begin(1);
            write(&lineage, storage)?;
            (lineage, true)
        }
        Err(error) if error.kind() != io::ErrorKind::InvalidData => {
            return Err(OpenError::io(lineage::NAME, error));
        }
        _ if choice == OnDamage::Refuse => return Err(OpenError::damaged(lineage::NAME, 0, 0)),
        // Where it begins is known once the entries are.
        _ => {
            let lineage = Lineage::begin(u64::MAX);
            write(&lineage, storage)?;
            (lineage, true)
        }
    };
    let mut last_damage = None;
    let (sealed, active, topics) = loop {
        match segments(storage, &lineage) {
            Ok(segments) => break segments,
            Err(error) if error.kind() == OpenErrorKind::Damaged && choice == OnDamage::Recover => {
                let place = Some((error.file().to_owned(), error.offset()));
                if place == last_damage {
                    return Err(error);
                }
                // First, so that a crash on the way leaves none of the old ids believed.
                if !has_forked {
                    lineage.fork(error.last_good + 1, u64::MAX);
                    write(&lineage, storage)?;
                    has_forked = true;
                }
                repair(storage, &error, lineage.epoch)?;
                last_damage = place;
            }
            Err(error) => return Err(error),
        }
    };
    if lineage.start > active.last + 1 {
        lineage.start = active.last + 1;
        write(&lineage, storage)?;
    }
    fork_if_restored(&mut lineage, active.last, storage)?;
    let first = sealed.front().map_or(active.first, |oldest| oldest.first);
    let trimmed = Trimmed::read(storage, first);
    let trimmed = trimmed.map_err(|error| OpenError::io(trimmed::NAME, error))?;
    Ok(Recovered {
        lineage,
        sealed,
        active,
        topics,
        trimmed,
    })
}

fn write(lineage: &Lineage, storage: &dyn Storage) -> Result<(), OpenError> {
    let written = lineage.write(storage);
    written.map_err(|error| OpenError::io(lineage::NAME, error))
}

/// Begins a new epoch behind what is there, if a file says that this is a copy of a log that may have gone on.
fn fork_if_restored(
    lineage: &mut Lineage,
    head: u64,
    storage: &dyn Storage,
) -> Result<(), OpenError> {
    let failed = |error| OpenError::io(RESTORED, error);
    match storage.open(RESTORED) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    }
    lineage.fork(head + 1, head + 1);
    write(lineage, storage)?;
    storage.remove(RESTORED).map_err(failed)?;
    storage.sync_names().map_err(failed)
}

/// Removes what a crash left behind; returns the first sequences of all segments, ascending.
fn tidy_up(storage: &dyn Storage) -> io::Result<Vec<u64>> {
    let names = storage.list()?;
    let firsts = firsts(&names);
    let indexes: Vec<_> = firsts.iter().map(|&it| Segment::index_name(it)).collect();
    let is_orphan = |name: &&String| name.ends_with(INDEX) && !indexes.contains(name);
    let left = names.iter().filter(|it| it.ends_with(NEW) || is_orphan(it));
    for name in left {
        storage.remove(name)?;
    }
    Ok(firsts)
}

pub(super) fn firsts(names: &[String]) -> Vec<u64> {
    let firsts = names.iter().filter_map(|name| Segment::first_of(name));
    let mut firsts: Vec<u64> = firsts.collect();
    firsts.sort_unstable();
    firsts
}

fn segments(
    storage: &dyn Storage,
    lineage: &Lineage,
) -> Result<(VecDeque<Segment>, Segment, Growing), OpenError> {
    let names = storage.list().map_err(|error| OpenError::io("", error))?;
    let firsts = firsts(&names);
    let Some((&last, sealed)) = firsts.split_last() else {
        let made = Segment::create(storage, lineage.start.max(1), lineage.epoch);
        let active = made.map_err(|error| OpenError::io(Segment::name(1), error))?;
        return Ok((VecDeque::new(), active, Growing::default()));
    };
    let mut segments = VecDeque::new();
    let mut expected = firsts[0];
    for &first in sealed {
        follows(expected, first)?;
        let segment = sealed_segment(storage, first)?;
        expected = segment.last + 1;
        segments.push_back(segment);
    }
    follows(expected, last)?;
    let (active, topics) = active_segment(storage, last)?;
    Ok((segments, active, topics))
}

/// Nothing may be missing between one segment and the next.
fn follows(expected: u64, first: u64) -> Result<(), OpenError> {
    if expected == first {
        return Ok(());
    }
    let missing = Segment::name(expected.min(first));
    Err(OpenError::damaged(missing, 0, expected - 1))
}

fn sealed_segment(storage: &dyn Storage, first: u64) -> Result<Segment, OpenError> {
    let name = Segment::name(first);
    let failed = |error| OpenError::io(&name, error);
    let file = storage.open(&name).map_err(failed)?;
    match index::read(storage, first, file) {
        Ok(Some(segment)) => return Ok(segment),
        Ok(None) => tracing::info!(
            file = name,
            "a segment is read, since its index is not whole"
        ),
        Err(error) => return Err(failed(error)),
    }
    let mut read = read(storage, first)?;
    if let Some(offset) = read.broken {
        return Err(OpenError::damaged(name, offset, read.segment.last));
    }
    read.segment.topics = Listed::from(&read.topics);
    // Without it the next start takes longer, and that is all.
    if let Err(error) = index::write(storage, &read.segment) {
        tracing::warn!(file = name, %error, "an index could not be written");
    }
    Ok(read.segment)
}

fn active_segment(storage: &dyn Storage, first: u64) -> Result<(Segment, Growing), OpenError> {
    let name = Segment::name(first);
    let failed = |error| OpenError::io(&name, error);
    let mut read = read(storage, first)?;
    let segment = read.segment;
    if let Some(offset) = read.broken {
        if read.scan.was_synced(offset).map_err(failed)? {
            return Err(OpenError::damaged(name, offset, segment.last));
        }
        let cut = read.scan.size() - segment.size;
        tracing::info!(file = name, bytes = cut, "an incomplete batch is cut");
    }
    segment.file.set_size(segment.size).map_err(failed)?;
    // A sync that failed may have left what is read here in memory alone, with nothing more to be synced.
    let rewrite = || {
        let len = usize::try_from(segment.size.saturating_sub(read.synced)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; len];
        let mut from = 0;
        while from < len {
            match segment
                .file
                .read_at(&mut bytes[from..], read.synced + from as u64)?
            {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => from += count,
            }
        }
        segment.file.write_at(&bytes, read.synced)?;
        segment.file.sync()?;
        storage.sync_names()
    };
    rewrite().map_err(failed)?;
    Ok((segment, read.topics))
}

/// A segment that was read from its beginning.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) segment: Segment,
    topics: Growing,
    /// Where the first thing stands that is not whole.
    pub(super) broken: Option<u64>,
    /// Everything before this was on the disk for certain.
    synced: u64,
    pub(super) scan: Scan,
}

/// Reads a segment up to its end, or to where it breaks.
pub(super) fn read(storage: &dyn Storage, first: u64) -> Result<Read, OpenError> {
    let name = Segment::name(first);
    let failed = |error| OpenError::io(&name, error);
    let file = storage.open(&name).map_err(failed)?;
    let scan = Scan::begin(Arc::clone(&file), first).map_err(failed)?;
    let Some(mut scan) = scan else {
        return Err(OpenError::damaged(name, 0, first.saturating_sub(1)));
    };
    let mut segment = Segment::new(first, scan.salt(), file);
    let mut topics = Growing::default();
    let mut synced = Segment::HEAD;
    let broken = loop {
        match scan.next().map_err(failed)? {
            Step::End => break None,
            Step::Broken(offset) => break Some(offset),
            Step::Batch(batch) => {
                synced = batch.synced;
                if let Err(offset) = note(&mut segment, &mut topics, batch) {
                    break Some(offset);
                }
            }
        }
    };
    Ok(Read {
        segment,
        topics,
        broken,
        synced,
        scan,
    })
}

/// Takes note of a batch; the offset of what cannot be there if there is such a thing.
fn note(segment: &mut Segment, topics: &mut Growing, batch: Batch) -> Result<(), u64> {
    for item in batch.items {
        match item {
            Item::Entry(header, offset, draft) => {
                if header.seq != segment.last + 1 {
                    return Err(offset);
                }
                segment.note_entry(&header, offset, &draft);
                topics.note(segment.place_of(header.seq), &draft.topics);
            }
            Item::Cleared(topic, through) => segment.cleared.push((topic, through)),
            Item::Hole(from, to) => {
                if from != segment.last + 1 {
                    return Err(batch.start);
                }
                segment.note_hole(from, to);
            }
        }
    }
    (segment.size, segment.seal) = (batch.end, batch.seal);
    Ok(())
}
