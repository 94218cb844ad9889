use std::{io, sync::Arc};

use bytes::{Buf, BufMut};
use bytestring::ByteString;

use super::{
    frame::{Commit, Header, Kind},
    storage::{Storage, StoredFile},
    topics::Listed,
};
use crate::{draft::Draft, position::Epoch, topic::Topic};

/// What is known of one file of entries without reading it.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// The sequence that its name says, and the last that it has; one less than the first if it has none.
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) last_nonce: u32,
    pub(super) salt: u64,
    /// Bytes that are on the disk for certain.
    pub(super) size: u64,
    pub(super) entries: u64,
    /// When the first and the last entry were appended, in milliseconds since 1970.
    pub(super) oldest: u64,
    pub(super) newest: u64,
    /// The checksum of the header of the last commit.
    pub(super) seal: u32,
    /// Places to begin reading at: a sequence, and the offset of an entry that is not behind it.
    pub(super) marks: Vec<(u64, u64)>,
    /// Hashes of publishers' own ids, and where the entries are.
    pub(super) own_ids: Vec<(u64, u64)>,
    pub(super) keys: Vec<KeyPlace>,
    pub(super) cleared: Vec<(Topic, u64)>,
    pub(super) holes: Vec<(u64, u64)>,
    /// Empty while something is appended to it.
    pub(super) topics: Listed,
    pub(super) file: Arc<dyn StoredFile>,
}

/// Where an idempotency key was first used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct KeyPlace {
    pub(super) key: ByteString,
    pub(super) seq: u64,
    pub(super) nonce: u32,
    pub(super) time: u64,
}

/// How far apart marks are, in bytes.
const MARK_EVERY: u64 = 64 * 1024;
const MAGIC: &[u8; 8] = b"sselog1\n";

impl Segment {
    /// The bytes before the first entry.
    pub(super) const HEAD: u64 = 8 + 8 + 8 + 8 + 4;

    pub(super) fn new(first: u64, salt: u64, file: Arc<dyn StoredFile>) -> Self {
        Self {
            first,
            last: first.saturating_sub(1),
            last_nonce: 0,
            salt,
            size: Self::HEAD,
            entries: 0,
            oldest: 0,
            newest: 0,
            seal: 0,
            marks: Vec::new(),
            own_ids: Vec::new(),
            keys: Vec::new(),
            cleared: Vec::new(),
            holes: Vec::new(),
            topics: Listed::default(),
            file,
        }
    }

    /// Makes the file of a segment; its name appears once what is in it is on the disk.
    pub(super) fn create(storage: &dyn Storage, first: u64, epoch: Epoch) -> io::Result<Self> {
        let (name, salt) = (Self::name(first), crate::position::random_u64());
        let new = format!("{name}{NEW}");
        let file = storage.create(&new)?;
        let made = file
            .write_at(&Self::head(first, salt, epoch), 0)
            .and_then(|()| file.sync())
            .and_then(|()| storage.rename(&new, &name))
            .and_then(|()| storage.sync_names());
        if let Err(error) = made {
            let _ = storage.remove(&new);
            let _ = storage.remove(&name);
            return Err(error);
        }
        Ok(Self::new(first, salt, file))
    }

    /// What a segment begins with.
    pub(super) fn head(first: u64, salt: u64, epoch: Epoch) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.put_u64_le(first);
        bytes.put_slice(epoch.as_str().as_bytes());
        bytes.put_u64_le(salt);
        bytes.put_u32_le(crc32c::crc32c(&bytes));
        bytes
    }

    /// Reads the salt out of what a segment begins with; `None` if it is not whole, or another's.
    pub(super) fn read_head(head: &[u8], first: u64) -> Option<u64> {
        let sum = head.get(Self::HEAD as usize - 4..)?.try_get_u32_le().ok()?;
        let is_whole = crc32c::crc32c(&head[..Self::HEAD as usize - 4]) == sum;
        let named = head.get(MAGIC.len()..)?.try_get_u64_le().ok()?;
        Self::salt_of(head).filter(|_| is_whole && named == first)
    }

    /// The salt, whether or not the rest is whole.
    pub(super) fn salt_of(head: &[u8]) -> Option<u64> {
        head.get(MAGIC.len() + 8 + 8..)?.try_get_u64_le().ok()
    }

    pub(super) fn name(first: u64) -> String {
        format!("{first:020}{LOG}")
    }

    /// The name of the file that says what is in this one, once nothing is appended to it.
    pub(super) fn index_name(first: u64) -> String {
        format!("{first:020}{INDEX}")
    }

    /// The first sequence in the file of this name.
    pub(super) fn first_of(name: &str) -> Option<u64> {
        let digits = name.strip_suffix(LOG)?;
        (digits.len() == 20).then(|| digits.parse().ok())?
    }

    pub(super) fn file_name(&self) -> String {
        Self::name(self.first)
    }

    /// Takes note of an entry at an offset.
    pub(super) fn note_entry(&mut self, header: &Header, offset: u64, draft: &Draft) {
        if self
            .marks
            .last()
            .is_none_or(|(_, at)| offset - at >= MARK_EVERY)
        {
            self.marks.push((header.seq, offset));
        }
        if let Some(id) = draft.event.id.as_ref().filter(|id| !id.is_empty()) {
            self.own_ids.push((hash(id.as_str()), header.seq));
        }
        if let Some(key) = &draft.idempotency_key {
            self.keys.push(KeyPlace {
                key: key.clone(),
                seq: header.seq,
                nonce: header.nonce,
                time: header.time,
            });
        }
        if self.entries == 0 {
            self.oldest = header.time;
        }
        self.entries += 1;
        self.newest = self.newest.max(header.time);
        (self.last, self.last_nonce) = (header.seq, header.nonce);
    }

    /// Takes note of a hole.
    pub(super) fn note_hole(&mut self, from: u64, to: u64) {
        self.holes.push((from, to));
        (self.last, self.last_nonce) = (to, 0);
    }

    /// A sequence counted from the first, as the topics' lists do; no file is large enough to have four billion.
    pub(super) fn place_of(&self, seq: u64) -> u32 {
        u32::try_from(seq.saturating_sub(self.first)).unwrap_or(u32::MAX)
    }

    /// Where to begin reading for a sequence.
    pub(super) fn offset_before(&self, seq: u64) -> u64 {
        let behind = self.marks.partition_point(|(first, _)| *first <= seq);
        let mark = behind
            .checked_sub(1)
            .and_then(|index| self.marks.get(index));
        mark.map_or(Self::HEAD, |(_, offset)| *offset)
    }

    /// Where entries may be that have this id, earliest first.
    pub(super) fn places_of(&self, id: &str) -> Vec<u64> {
        let hash = hash(id);
        let places = self.own_ids.iter().filter(|(it, _)| *it == hash);
        places.map(|(_, seq)| *seq).collect()
    }

    /// Bytes that this takes in memory.
    pub(super) fn index_bytes(&self) -> u64 {
        let pairs = self.marks.len() + self.own_ids.len() + self.holes.len();
        (pairs * size_of::<(u64, u64)>() + size_of::<Self>()) as u64 + self.topics.bytes()
    }

    /// Whether the last thing in the file is the commit that this ends with.
    pub(super) fn ends_as_sealed(&self) -> io::Result<bool> {
        let Some(offset) = self.size.checked_sub(Commit::EXTENT as u64) else {
            return Ok(false);
        };
        if self.file.size()? != self.size {
            return Ok(false);
        }
        let mut bytes = [0; Commit::EXTENT];
        let read = self.file.read_at(&mut bytes, offset)?;
        let header = Header::read(&bytes[..read], self.salt);
        Ok(header.is_some_and(|(header, sum)| header.kind == Kind::Commit && sum == self.seal))
    }
}

const LOG: &str = ".log";
/// What the name of an index ends in.
pub(super) const INDEX: &str = ".idx";
/// What a file's name ends in until it is whole.
pub(super) const NEW: &str = ".new";

/// A hash that is the same in every process; what it finds is looked at.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
