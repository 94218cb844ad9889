//! Which entries of a segment are of which topic, counted from the segment's first.

use std::{cmp::Ordering, collections::HashMap};

use bytes::{Buf as _, BufMut as _, Bytes};

use super::pieces::{put_text, text};
use crate::topic::Topic;

/// The entries of each topic in the segment that is appended to.
#[derive(Clone, Debug, Default)]
pub(super) struct Growing {
    places: HashMap<Box<str>, Vec<u32>>,
    count: usize,
}

impl Growing {
    /// Takes note of an entry.
    pub(super) fn note(&mut self, place: u32, topics: &[Topic]) {
        for topic in topics {
            self.count += 1;
            match self.places.get_mut(topic.as_str()) {
                Some(places) => places.push(place),
                None => {
                    self.places.insert(topic.as_str().into(), vec![place]);
                }
            }
        }
    }

    /// The entries of a topic, ascending.
    pub(super) fn of(&self, topic: &str) -> &[u32] {
        self.places.get(topic).map_or(&[], Vec::as_slice)
    }

    /// Bytes that this takes in memory, without the names.
    pub(super) fn bytes(&self) -> u64 {
        let topics = self.places.len() * size_of::<(Box<str>, Vec<u32>)>();
        (topics + self.count * size_of::<u32>()) as u64
    }
}

/// The same of a segment that nothing is appended to any more: three blocks of memory, however many topics there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    names: String,
    /// Where each topic's name and entries end, in the order of the names.
    ends: Vec<End>,
    places: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct End {
    name: u32,
    places: u32,
}

impl From<&Growing> for Listed {
    fn from(growing: &Growing) -> Self {
        let mut topics: Vec<_> = growing.places.iter().collect();
        topics.sort_unstable_by_key(|(name, _)| *name);
        let mut listed = Self {
            ends: Vec::with_capacity(topics.len()),
            places: Vec::with_capacity(growing.count),
            ..Self::default()
        };
        for (name, places) in topics {
            listed.names.push_str(name);
            listed.places.extend_from_slice(places);
            listed.end(listed.places.len());
        }
        listed
    }
}

impl Listed {
    /// Notes where the topic ends whose name was added last.
    fn end(&mut self, places: usize) {
        self.ends.push(End {
            name: self.names.len() as u32,
            places: places as u32,
        });
    }

    /// A topic's name and entries.
    fn topic(&self, index: usize) -> (&str, &[u32]) {
        let before = index.checked_sub(1).and_then(|it| self.ends.get(it));
        let begin = before.copied().unwrap_or_default();
        let end = self.ends.get(index).copied().unwrap_or_default();
        let name = self.names.get(begin.name as usize..end.name as usize);
        let places = self.places.get(begin.places as usize..end.places as usize);
        (name.unwrap_or_default(), places.unwrap_or_default())
    }

    /// The entries of a topic, ascending.
    pub(super) fn of(&self, topic: &str) -> &[u32] {
        let (mut from, mut to) = (0, self.ends.len());
        while from < to {
            let middle = from.midpoint(to);
            let (name, places) = self.topic(middle);
            match name.cmp(topic) {
                Ordering::Less => from = middle + 1,
                Ordering::Equal => return places,
                Ordering::Greater => to = middle,
            }
        }
        &[]
    }

    /// Each topic with its last entry.
    pub(super) fn last(&self) -> impl Iterator<Item = (&str, u32)> {
        let topics = (0..self.ends.len()).map(|index| self.topic(index));
        topics.filter_map(|(name, places)| Some((name, *places.last()?)))
    }

    /// Bytes that this takes in memory.
    pub(super) fn bytes(&self) -> u64 {
        let lists = size_of_val(&*self.ends) + size_of_val(&*self.places);
        (self.names.len() + lists) as u64
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.put_u32_le(self.ends.len() as u32);
        for index in 0..self.ends.len() {
            let (name, places) = self.topic(index);
            put_text(out, name);
            out.put_u32_le(places.len() as u32);
        }
        for place in &self.places {
            out.put_u32_le(*place);
        }
    }

    pub(super) fn read(bytes: &mut Bytes) -> Option<Self> {
        let (mut listed, mut count) = (Self::default(), 0_usize);
        for _ in 0..bytes.try_get_u32_le().ok()? {
            listed.names.push_str(&text(bytes)?);
            count = count.checked_add(bytes.try_get_u32_le().ok()? as usize)?;
            listed.end(count);
        }
        let len = count.checked_mul(size_of::<u32>())?;
        let places = bytes.get(..len)?.as_chunks().0;
        listed.places = places.iter().map(|it| u32::from_le_bytes(*it)).collect();
        bytes.advance(len);
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
        bytes.push(1_u8);
        let mut bytes = Bytes::from(bytes);
        let read = Listed::read(&mut bytes).unwrap();
        assert_eq!(bytes.as_ref(), [1], "what stands behind it is left");
        for (topic, places) in [
            ("a", &[8][..]),
            ("a/long name", &[7]),
            ("b", &[7, 11]),
            ("c", &[]),
        ] {
            assert_eq!(growing.of(topic), places);
            assert_eq!(listed.of(topic), places);
            assert_eq!(read.of(topic), places);
        }
        let last: Vec<_> = read.last().collect();
        assert_eq!(last, [("a", 8), ("a/long name", 7), ("b", 11)]);
    }
}
