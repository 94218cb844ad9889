//! A segment from its beginning to its end, batch by batch.

use std::{io, sync::Arc};

use bytes::{Buf, Bytes};
use bytestring::ByteString;

use super::{
    body,
    frame::{Commit, HEADER, Header, Kind, sum_of_sums},
    segment::Segment,
    storage::StoredFile,
    window::Window,
};
use crate::{draft::Draft, topic::Topic};

/// One thing in a segment.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are entries")]
pub(super) enum Item {
    Entry(Header, u64, Draft),
    Cleared(Topic, u64),
    Hole(u64, u64),
}

/// What stands between two commits.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) start: u64,
    /// Behind its commit.
    pub(super) end: u64,
    /// Everything before this was on the disk when it was written.
    pub(super) synced: u64,
    pub(super) items: Vec<Item>,
    /// The checksum of its commit's header.
    pub(super) seal: u32,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Step {
    Batch(Batch),
    End,
    /// Here is something that is not whole.
    Broken(u64),
}

/// Reads a segment from its beginning, believing nothing.
#[derive(Debug)]
pub(super) struct Scan {
    window: Window,
    salt: u64,
    offset: u64,
}

/// The bytes read at once.
const PIECE: usize = 1024 * 1024;

impl Scan {
    /// Begins behind the head; `None` if that is not whole.
    pub(super) fn begin(file: Arc<dyn StoredFile>, first: u64) -> io::Result<Option<Self>> {
        Self::with_head(file, |head| Segment::read_head(head, first))
    }

    /// Begins behind a head that is not whole, with the salt that stands there.
    pub(super) fn begin_anyway(file: Arc<dyn StoredFile>) -> io::Result<Option<Self>> {
        Self::with_head(file, Segment::salt_of)
    }

    fn with_head(
        file: Arc<dyn StoredFile>,
        salt: impl FnOnce(&[u8]) -> Option<u64>,
    ) -> io::Result<Option<Self>> {
        let size = file.size()?;
        let mut window = Window::new(file, size, PIECE);
        let head = window.get(0, Segment::HEAD as usize)?;
        Ok(head.and_then(|head| salt(&head)).map(|salt| Self {
            window,
            salt,
            offset: Segment::HEAD,
        }))
    }

    pub(super) fn salt(&self) -> u64 {
        self.salt
    }

    pub(super) fn size(&self) -> u64 {
        self.window.end()
    }

    pub(super) fn next(&mut self) -> io::Result<Step> {
        if self.offset == self.window.end() {
            return Ok(Step::End);
        }
        let (batch, broken) = self.batch_at(self.offset)?;
        Ok(match batch {
            Some(batch) => {
                self.offset = batch.end;
                Step::Batch(batch)
            }
            None => Step::Broken(broken),
        })
    }

    /// Reads a whole batch; `None` and where it breaks off if there is none.
    fn batch_at(&mut self, start: u64) -> io::Result<(Option<Batch>, u64)> {
        let (mut offset, mut items, mut sums) = (start, Vec::new(), Vec::new());
        loop {
            let Some((header, sum, bytes)) = self.frame_at(offset)? else {
                return Ok((None, offset));
            };
            let end = offset + header.extent();
            if header.kind == Kind::Commit {
                let commit = Commit::read(&bytes);
                let is_whole = commit.is_some_and(|commit| {
                    commit.start == start
                        && commit.count as usize == sums.len()
                        && commit.sum == sum_of_sums(&sums)
                });
                let batch = Batch {
                    start,
                    end,
                    synced: commit.map_or(start, |commit| commit.synced),
                    items,
                    seal: sum,
                };
                return Ok((is_whole.then_some(batch), offset));
            }
            let Some(item) = Item::read(header, offset, bytes) else {
                return Ok((None, offset));
            };
            items.push(item);
            sums.push(sum);
            offset = end;
        }
    }

    fn frame_at(&mut self, offset: u64) -> io::Result<Option<(Header, u32, Bytes)>> {
        frame_at(&mut self.window, self.salt, offset)
    }

    /// Finds the next commit behind an offset: where it stands, the last sequence before it, and what it says.
    pub(super) fn commit_after(
        &mut self,
        mut offset: u64,
    ) -> io::Result<Option<(u64, u64, Commit)>> {
        while let Some(bytes) = self.window.get(offset, Commit::EXTENT)? {
            let looks_so = bytes[..8] == [Commit::LEN as u8, 0, 0, 0, Kind::Commit as u8, 0, 0, 0];
            if looks_so && let Some((header, _, bytes)) = self.frame_at(offset)? {
                let commit = Commit::read(&bytes).filter(|commit| commit.start <= offset);
                if header.kind == Kind::Commit
                    && let Some(commit) = commit
                {
                    return Ok(Some((offset, header.seq, commit)));
                }
            }
            offset += 1;
        }
        Ok(None)
    }

    /// Goes on with the first whole batch behind a break.
    pub(super) fn resume_after(&mut self, broken: u64) -> io::Result<Option<Batch>> {
        let mut from = broken;
        while let Some((at, _, commit)) = self.commit_after(from)? {
            if commit.start > broken
                && let (Some(batch), _) = self.batch_at(commit.start)?
            {
                self.offset = batch.end;
                return Ok(Some(batch));
            }
            from = at + 1;
        }
        Ok(None)
    }

    /// Whether what is broken here was on the disk for certain: something was written later that says so.
    pub(super) fn was_synced(&mut self, broken: u64) -> io::Result<bool> {
        let mut from = broken;
        while let Some((at, _, commit)) = self.commit_after(from)? {
            if commit.synced > broken {
                return Ok(true);
            }
            from = at + 1;
        }
        Ok(false)
    }
}

impl Item {
    fn read(header: Header, offset: u64, mut bytes: Bytes) -> Option<Self> {
        match header.kind {
            Kind::Entry => Some(Self::Entry(header, offset, body::read(bytes)?)),
            Kind::Cleared => {
                let name = ByteString::from(str::from_utf8(&bytes).ok()?);
                Some(Self::Cleared(Topic::from_checked(name), header.seq))
            }
            Kind::Hole => {
                let from = bytes.try_get_u64_le().ok()?;
                (from <= header.seq).then_some(Self::Hole(from, header.seq))
            }
            Kind::Commit => None,
        }
    }
}

/// Reads one thing, whole by both of its checksums.
pub(super) fn frame_at(
    window: &mut Window,
    salt: u64,
    offset: u64,
) -> io::Result<Option<(Header, u32, Bytes)>> {
    let Some(head) = window.get(offset, HEADER)? else {
        return Ok(None);
    };
    let Some((header, sum)) = Header::read(&head, salt) else {
        return Ok(None);
    };
    let bytes = window.get(offset + HEADER as u64, header.len as usize)?;
    let bytes = bytes.filter(|bytes| crc32c::crc32c(bytes) == header.sum);
    Ok(bytes.map(|bytes| (header, sum, bytes)))
}
