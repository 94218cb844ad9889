//! The bytes of a topic, as they go to every connection.

use std::{collections::VecDeque, io::Write as _};

/// Encoded chunks one after the other; positions count bytes since the topic began.
#[derive(Debug)]
pub(crate) struct Log {
    bytes: Vec<u8>,
    /// Position of the first byte that is still there.
    base: u64,
    /// Where each event that is still there ends.
    ends: VecDeque<u64>,
    published: u64,
    retain: usize,
}

impl Log {
    pub(crate) fn new(retain: usize) -> Self {
        Self {
            bytes: Vec::new(),
            base: 0,
            ends: VecDeque::new(),
            published: 0,
            retain: retain.max(1),
        }
    }

    /// Encodes an event and returns its id.
    pub(crate) fn append(&mut self, data: &[u8]) -> u64 {
        self.trim();
        self.published += 1;
        let id = self.published.to_string();
        let len = "id: \ndata: \n\n".len() + id.len() + data.len();
        write!(self.bytes, "{len:x}\r\nid: {id}\ndata: ").expect("a Vec takes all that is written");
        self.bytes.extend_from_slice(data);
        self.bytes.extend_from_slice(b"\n\n\r\n");
        self.ends.push_back(self.end());
        self.published
    }

    /// Position after the last event.
    pub(crate) fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// All from a position on, unless it is gone.
    pub(crate) fn from(&self, position: u64) -> Option<&[u8]> {
        let offset = position.checked_sub(self.base)?;
        self.bytes.get(offset as usize..)
    }

    /// Position after the event with this id, unless it is gone or never was.
    pub(crate) fn after(&self, id: u64) -> Option<u64> {
        let first = self.published + 1 - self.ends.len() as u64;
        self.ends
            .get(usize::try_from(id.checked_sub(first)?).ok()?)
            .copied()
    }

    /// Lets old events go, many at a time: moving the rest costs a copy.
    fn trim(&mut self) {
        if self.ends.len() < self.retain * 2 {
            return;
        }
        let cut = self.ends[self.ends.len() - self.retain - 1];
        self.bytes.drain(..(cut - self.base) as usize);
        self.ends.drain(..self.ends.len() - self.retain);
        self.base = cut;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_an_id_is_what_was_published_after_it() {
        let mut log = Log::new(100);
        log.append(b"a");
        let second = log.append(b"b");
        log.append(b"c");
        let position = log.after(second).unwrap();
        assert_eq!(log.from(position).unwrap(), b"f\r\nid: 3\ndata: c\n\n\r\n");
        assert_eq!(log.from(log.end()).unwrap(), b"");
        assert_eq!(log.after(4), None);
    }

    #[test]
    fn old_events_go_and_positions_stay() {
        let mut log = Log::new(2);
        for data in [b"a", b"b", b"c", b"d", b"e"] {
            log.append(data);
        }
        assert_eq!(log.after(1), None);
        assert_eq!(log.from(0), None);
        let after_fourth = log.after(4).unwrap();
        assert!(
            log.from(after_fourth)
                .unwrap()
                .ends_with(b"data: e\n\n\r\n")
        );
    }
}
