use bytes::BufMut;

use super::frame::{Commit, Header, Kind, sum_of_sums};
use crate::topic::Topic;

/// A batch that is being put together.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    sums: Vec<u32>,
    salt: u64,
    start: u64,
}

/// The memory that is kept from one batch to the next.
const MOST_KEPT: usize = 4 * 1024 * 1024;

impl Frames {
    /// Begins a batch that will stand at `start`.
    pub(super) fn begin(&mut self, salt: u64, start: u64) {
        self.bytes.clear();
        self.bytes.shrink_to(MOST_KEPT);
        self.sums.clear();
        (self.salt, self.start) = (salt, start);
    }

    /// Where the next thing will stand.
    pub(super) fn offset(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// Adds an entry; returns its header.
    pub(super) fn entry(&mut self, place: (u64, u32, u64), body: &[u8], sum: u32) -> Header {
        let (seq, nonce, time) = place;
        let header = Header {
            kind: Kind::Entry,
            len: body.len() as u32,
            seq,
            time,
            nonce,
            sum,
        };
        self.put(header, body);
        header
    }

    pub(super) fn cleared(&mut self, topic: &Topic, through: u64, time: u64) {
        self.other(Kind::Cleared, through, time, topic.as_str().as_bytes());
    }

    pub(super) fn hole(&mut self, from: u64, to: u64, time: u64) {
        let mut body = Vec::with_capacity(8);
        body.put_u64_le(from);
        self.other(Kind::Hole, to, time, &body);
    }

    /// Ends the batch; returns its bytes, and the checksum of the commit's header.
    pub(super) fn commit(&mut self, synced: u64, seq: u64, time: u64) -> (&[u8], u32) {
        let commit = Commit {
            start: self.start,
            synced,
            count: self.sums.len() as u32,
            sum: sum_of_sums(&self.sums),
        };
        let seal = commit.put(seq, time, self.salt, &mut self.bytes);
        (&self.bytes, seal)
    }

    fn other(&mut self, kind: Kind, seq: u64, time: u64, body: &[u8]) {
        let header = Header {
            kind,
            len: body.len() as u32,
            seq,
            time,
            nonce: 0,
            sum: crc32c::crc32c(body),
        };
        self.put(header, body);
    }

    fn put(&mut self, header: Header, body: &[u8]) {
        self.sums.push(header.put(self.salt, &mut self.bytes));
        self.bytes.extend_from_slice(body);
    }
}
