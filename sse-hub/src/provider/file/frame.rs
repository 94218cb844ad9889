//! How things lie in a segment: a header with its own checksum, then bytes with theirs.

use bytes::{Buf, BufMut};

/// The bytes of a header.
pub(super) const HEADER: usize = 36;
/// The longest that may follow one.
pub(super) const MOST_BYTES: usize = 256 * 1024 * 1024;

/// What a header says of the bytes behind it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) len: u32,
    /// An entry's sequence; for others the last there was.
    pub(super) seq: u64,
    /// When it was appended, in milliseconds since 1970.
    pub(super) time: u64,
    pub(super) nonce: u32,
    /// The checksum of the bytes.
    pub(super) sum: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Entry = 1,
    /// A topic's entries are gone up to a sequence.
    Cleared = 2,
    /// Entries are missing and will not come.
    Hole = 3,
    /// What stands before it since the last of these is there as a whole.
    Commit = 4,
}

impl Header {
    /// Writes the header, and returns its own checksum.
    ///
    /// The salt is the segment's: nobody who publishes can make bytes that look like a part of this file.
    pub(super) fn put(&self, salt: u64, out: &mut Vec<u8>) -> u32 {
        let start = out.len();
        out.put_u32_le(self.len);
        out.put_u32_le(self.kind as u32);
        out.put_u64_le(self.seq);
        out.put_u64_le(self.time);
        out.put_u32_le(self.nonce);
        out.put_u32_le(self.sum);
        let sum = salted(salt, &out[start..]);
        out.put_u32_le(sum);
        sum
    }

    /// Reads a header and its own checksum; `None` if it is not whole.
    pub(super) fn read(mut bytes: &[u8], salt: u64) -> Option<(Self, u32)> {
        let sum = salted(salt, bytes.get(..HEADER - 4)?);
        let len = bytes.try_get_u32_le().ok()?;
        let kind = Kind::read(bytes.try_get_u32_le().ok()?)?;
        let header = Self {
            kind,
            len,
            seq: bytes.try_get_u64_le().ok()?,
            time: bytes.try_get_u64_le().ok()?,
            nonce: bytes.try_get_u32_le().ok()?,
            sum: bytes.try_get_u32_le().ok()?,
        };
        let is_whole = bytes.try_get_u32_le().ok()? == sum;
        is_whole.then_some((header, sum))
    }

    /// The bytes that this takes with what follows it.
    pub(super) fn extent(&self) -> u64 {
        HEADER as u64 + u64::from(self.len)
    }
}

impl Kind {
    fn read(number: u32) -> Option<Self> {
        let all = [Self::Entry, Self::Cleared, Self::Hole, Self::Commit];
        all.into_iter().find(|&kind| kind as u32 == number)
    }
}

/// What ends a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Commit {
    /// Where its batch begins in the file.
    pub(super) start: u64,
    /// Everything before this was on the disk when the batch was written.
    pub(super) synced: u64,
    /// How many things the batch has.
    pub(super) count: u32,
    /// The checksum over the checksums of its headers.
    pub(super) sum: u32,
}

impl Commit {
    pub(super) const LEN: usize = 24;
    /// The bytes of a commit with its header.
    pub(super) const EXTENT: usize = HEADER + Self::LEN;

    /// Writes the end of a batch; returns the checksum of its header.
    pub(super) fn put(&self, seq: u64, time: u64, salt: u64, out: &mut Vec<u8>) -> u32 {
        let mut bytes = Vec::with_capacity(Self::LEN);
        bytes.put_u64_le(self.start);
        bytes.put_u64_le(self.synced);
        bytes.put_u32_le(self.count);
        bytes.put_u32_le(self.sum);
        let header = Header {
            kind: Kind::Commit,
            len: Self::LEN as u32,
            seq,
            time,
            nonce: 0,
            sum: crc32c::crc32c(&bytes),
        };
        let sum = header.put(salt, out);
        out.extend_from_slice(&bytes);
        sum
    }

    pub(super) fn read(mut bytes: &[u8]) -> Option<Self> {
        Some(Self {
            start: bytes.try_get_u64_le().ok()?,
            synced: bytes.try_get_u64_le().ok()?,
            count: bytes.try_get_u32_le().ok()?,
            sum: bytes.try_get_u32_le().ok()?,
        })
    }
}

/// The checksum over the checksums of a batch's headers.
pub(super) fn sum_of_sums(sums: &[u32]) -> u32 {
    let bytes: Vec<u8> = sums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
    crc32c::crc32c(&bytes)
}

fn salted(salt: u64, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&salt.to_le_bytes()), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_any_bit_flipped_is_none() {
        let header = Header {
            kind: Kind::Entry,
            len: 3,
            seq: 7,
            time: 1_700_000_000_000,
            nonce: 9,
            sum: 11,
        };
        let mut bytes = Vec::new();
        let sum = header.put(5, &mut bytes);
        assert_eq!(bytes.len(), HEADER);
        assert_eq!(Header::read(&bytes, 5), Some((header, sum)));
        assert_eq!(Header::read(&bytes, 6), None, "of another segment");
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::read(&flipped, 5), None, "bit {bit}");
        }
    }
}
