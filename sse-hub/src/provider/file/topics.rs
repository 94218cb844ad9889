//! Which entries of a segment are of which topic.

use std::collections::HashMap;

use bytes::{Buf, BufMut, Bytes};

use super::text::{put_text, text};
use crate::topic::Topic;

/// The sequences of each topic in the segment that is appended to.
#[derive(Clone, Debug, Default)]
pub(super) struct Growing {
    seqs: HashMap<Box<str>, Vec<u64>>,
    count: usize,
}

impl Growing {
    /// Takes note of an entry.
    pub(super) fn note(&mut self, seq: u64, topics: &[Topic]) {
        for topic in topics {
            self.count += 1;
            match self.seqs.get_mut(topic.as_str()) {
                Some(seqs) => seqs.push(seq),
                None => {
                    self.seqs.insert(topic.as_str().into(), vec![seq]);
                }
            }
        }
    }

    /// The sequences of a topic, ascending.
    pub(super) fn of(&self, topic: &str) -> &[u64] {
        self.seqs.get(topic).map_or(&[], Vec::as_slice)
    }

    /// Bytes that this takes in memory, without the names.
    pub(super) fn bytes(&self) -> u64 {
        let topics = self.seqs.len() * size_of::<(Box<str>, Vec<u64>)>();
        (topics + self.count * size_of::<u64>()) as u64
    }
}

/// The same of a segment that nothing is appended to any more: three blocks of memory, however many topics there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    names: String,
    /// Where each topic's name and sequences begin and end, in the order of the names.
    topics: Vec<Extent>,
    seqs: Vec<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Extent {
    name: (u32, u32),
    seqs: (u32, u32),
}

impl From<&Growing> for Listed {
    fn from(growing: &Growing) -> Self {
        let mut topics: Vec<_> = growing.seqs.iter().collect();
        topics.sort_unstable_by_key(|(name, _)| *name);
        let mut listed = Self {
            topics: Vec::with_capacity(topics.len()),
            seqs: Vec::with_capacity(growing.count),
            ..Self::default()
        };
        for (name, seqs) in topics {
            listed.push(name, seqs.iter().copied());
        }
        listed
    }
}

impl Listed {
    /// Adds a topic behind all others.
    fn push(&mut self, name: &str, seqs: impl Iterator<Item = u64>) {
        let begin = (self.names.len() as u32, self.seqs.len() as u32);
        self.names.push_str(name);
        self.seqs.extend(seqs);
        self.topics.push(Extent {
            name: (begin.0, self.names.len() as u32),
            seqs: (begin.1, self.seqs.len() as u32),
        });
    }

    fn name(&self, topic: &Extent) -> &str {
        let (begin, end) = topic.name;
        let name = self.names.get(begin as usize..end as usize);
        name.unwrap_or_default()
    }

    fn seqs(&self, topic: &Extent) -> &[u64] {
        let (begin, end) = topic.seqs;
        let seqs = self.seqs.get(begin as usize..end as usize);
        seqs.unwrap_or_default()
    }

    /// The sequences of a topic, ascending.
    pub(super) fn of(&self, topic: &str) -> &[u64] {
        let found = self
            .topics
            .binary_search_by(|it| self.name(it).cmp(topic))
            .ok();
        let found = found.and_then(|index| self.topics.get(index));
        found.map_or(&[], |topic| self.seqs(topic))
    }

    /// Each topic with its last sequence.
    pub(super) fn last(&self) -> impl Iterator<Item = (&str, u64)> {
        let topics = self.topics.iter();
        topics.filter_map(|it| Some((self.name(it), *self.seqs(it).last()?)))
    }

    /// Bytes that this takes in memory.
    pub(super) fn bytes(&self) -> u64 {
        let topics = self.topics.len() * size_of::<Extent>();
        (self.names.len() + topics + self.seqs.len() * size_of::<u64>()) as u64
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.put_u32_le(self.topics.len() as u32);
        for topic in &self.topics {
            put_text(out, self.name(topic));
            let seqs = self.seqs(topic);
            out.put_u32_le(seqs.len() as u32);
            seqs.iter().for_each(|seq| out.put_u64_le(*seq));
        }
    }

    pub(super) fn read(bytes: &mut Bytes) -> Option<Self> {
        let mut listed = Self::default();
        for _ in 0..bytes.try_get_u32_le().ok()? {
            let name = text(bytes)?;
            let count = bytes.try_get_u32_le().ok()? as usize;
            let seqs = bytes.get(..count.checked_mul(8)?)?;
            let seqs = seqs.chunks_exact(8).map(|mut seq| seq.get_u64_le());
            listed.push(&name, seqs);
            bytes.advance(count * 8);
        }
        Some(listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_what_was_noted_also_after_it_was_written() {
        let topics = |names: &[&str]| -> Vec<Topic> {
            let names = names.iter().map(|it| Topic::try_from(*it).unwrap());
            names.collect()
        };
        let mut growing = Growing::default();
        growing.note(7, &topics(&["b", "a/long name"]));
        growing.note(8, &topics(&["a"]));
        growing.note(11, &topics(&["b"]));
        let listed = Listed::from(&growing);
        let mut bytes = Vec::new();
        listed.put(&mut bytes);
        bytes.push(1);
        let mut bytes = Bytes::from(bytes);
        let read = Listed::read(&mut bytes).unwrap();
        assert_eq!(bytes.as_ref(), [1], "what stands behind it is left");
        for (topic, seqs) in [
            ("a", &[8][..]),
            ("a/long name", &[7]),
            ("b", &[7, 11]),
            ("c", &[]),
        ] {
            assert_eq!(growing.of(topic), seqs);
            assert_eq!(listed.of(topic), seqs);
            assert_eq!(read.of(topic), seqs);
        }
        let last: Vec<_> = read.last().collect();
        assert_eq!(last, [("a", 8), ("a/long name", 7), ("b", 11)]);
    }
}
