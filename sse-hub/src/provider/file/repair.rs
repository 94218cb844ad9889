//! Going on without what is damaged.

use std::io;

use super::{
    body,
    error::OpenError,
    frames::Frames,
    recovery::firsts,
    scan::{Item, Scan, Step},
    segment::{NEW, Segment},
    storage::{Storage, StoredFile},
};
use crate::position::Epoch;

/// Writes a damaged segment anew, with all of it that is whole, and holes where the rest was.
pub(super) fn repair(
    storage: &dyn Storage,
    damage: &OpenError,
    epoch: Epoch,
) -> Result<(), OpenError> {
    let name = damage.file();
    let failed = |error| OpenError::io(name, error);
    let first = Segment::first_of(name).unwrap_or(1);
    let names = storage.list().map_err(failed)?;
    let next = firsts(&names).into_iter().find(|&it| it > first);
    rewrite(storage, first, next, epoch).map_err(failed)?;
    tracing::warn!(
        file = name,
        offset = damage.offset(),
        "a damaged segment is written anew"
    );
    Ok(())
}

fn rewrite(storage: &dyn Storage, first: u64, next: Option<u64>, epoch: Epoch) -> io::Result<()> {
    let name = Segment::name(first);
    let new = format!("{name}{NEW}");
    let salt = crate::position::random_u64();
    let file = storage.create(&new)?;
    let head = Segment::head(first, salt, epoch);
    file.write_at(&head, 0)?;
    let mut copy = Copy {
        file: &*file,
        frames: Frames::default(),
        salt,
        end: head.len() as u64,
        last: first - 1,
    };
    let mut last_known = first;
    match storage.open(&name) {
        Ok(old) => {
            let scan = match Scan::begin(old.clone(), first)? {
                Some(scan) => Some(scan),
                None => Scan::begin_anyway(old)?,
            };
            if let Some(scan) = scan {
                last_known = copy.all_of(scan)?.max(last_known);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let through = next.map_or(last_known, |next| next - 1);
    if copy.last < through {
        copy.batch(&[Item::Hole(copy.last + 1, through)])?;
    }
    file.sync()?;
    match storage.remove(&Segment::index_name(first)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    storage.rename(&new, &name)?;
    storage.sync_names()
}

/// What is whole of one file, on its way to another.
struct Copy<'a> {
    file: &'a dyn StoredFile,
    frames: Frames,
    salt: u64,
    end: u64,
    last: u64,
}

impl Copy<'_> {
    /// Copies all batches that are whole; returns the last sequence that is known to have been there.
    fn all_of(&mut self, mut scan: Scan) -> io::Result<u64> {
        let mut last_known = 0;
        loop {
            let batch = match scan.next()? {
                Step::End => return Ok(last_known),
                Step::Batch(batch) => batch,
                Step::Broken(offset) => {
                    let mut from = offset;
                    while let Some((at, seq, _)) = scan.commit_after(from)? {
                        last_known = last_known.max(seq);
                        from = at + 1;
                    }
                    match scan.resume_after(offset)? {
                        Some(batch) => batch,
                        None => return Ok(last_known),
                    }
                }
            };
            self.batch(&batch.items)?;
        }
    }

    fn batch(&mut self, items: &[Item]) -> io::Result<()> {
        self.frames.begin(self.salt, self.end);
        let mut time = 0;
        for item in items {
            match item {
                Item::Entry(header, _, draft) => {
                    if header.seq <= self.last {
                        continue;
                    }
                    if header.seq > self.last + 1 {
                        self.frames.hole(self.last + 1, header.seq - 1, header.time);
                    }
                    let mut bytes = Vec::new();
                    body::put(draft, &mut bytes);
                    let place = (header.seq, header.nonce, header.time);
                    let sum = crc32c::crc32c(&bytes);
                    self.frames.entry(place, &bytes, sum);
                    (self.last, time) = (header.seq, header.time);
                }
                Item::Cleared(topic, through) => self.frames.cleared(topic, *through, time),
                Item::Hole(from, to) => {
                    self.frames.hole((*from).min(self.last + 1), *to, time);
                    self.last = *to;
                }
            }
        }
        let (bytes, _) = self.frames.commit(self.end, self.last, time);
        self.file.write_at(bytes, self.end)?;
        self.end += bytes.len() as u64;
        Ok(())
    }
}
