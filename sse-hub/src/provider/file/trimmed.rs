//! What retention removed of each topic, in a file of its own.

use std::{cmp::Reverse, collections::HashMap, io};

use bytes::{Buf, BufMut, Bytes};

use super::{
    pieces::{checked, put_sum, put_text, text},
    segment::{NEW, Segment},
    storage::Storage,
    window::Window,
};

/// The last sequence of each topic that was removed with a file.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Trimmed {
    last: HashMap<Box<str>, u64>,
    /// What was removed up to here may have been of any topic.
    anyones: u64,
}

/// The name of the file.
pub(super) const NAME: &str = "trimmed";
const MAGIC: &[u8; 8] = b"ssetrm1\n";
/// Topics beyond these are not listed, those whose last entry is oldest first.
const MOST_TOPICS: usize = 10_000;

impl Trimmed {
    /// Everything before `first` may be missing, whoever asks.
    fn all_before(first: u64) -> Self {
        Self {
            anyones: first.saturating_sub(1),
            ..Self::default()
        }
    }

    /// The last sequence of a topic that may have been removed.
    pub(super) fn of(&self, topic: &str) -> u64 {
        let own = self.last.get(topic).copied();
        own.unwrap_or(0).max(self.anyones)
    }

    /// Takes note of a file that is to be removed.
    pub(super) fn note(&mut self, segment: &Segment) {
        let mut topics: Vec<_> = segment.topics.last().collect();
        if topics.len() > MOST_TOPICS {
            let (_, &mut (_, last), _) =
                topics.select_nth_unstable_by_key(MOST_TOPICS, |(_, last)| Reverse(*last));
            self.anyones = self.anyones.max(segment.first + u64::from(last));
            topics.truncate(MOST_TOPICS);
        }
        for (topic, last) in topics {
            let seq = segment.first + u64::from(last);
            self.last.insert(topic.into(), seq);
        }
        // Of what damage took nobody knows whose it was.
        let missing = segment.holes.iter().map(|&(_, to)| to);
        self.anyones = missing.fold(self.anyones, u64::max);
        let surplus = self.last.len().saturating_sub(MOST_TOPICS);
        if let Some(last) = surplus.checked_sub(1) {
            let mut all: Vec<_> = self.last.values().copied().collect();
            let (_, &mut highest, _) = all.select_nth_unstable(last);
            self.anyones = self.anyones.max(highest);
            self.last.retain(|_, seq| *seq > highest);
        }
    }

    /// Bytes that this takes in memory, without the names.
    pub(super) fn bytes(&self) -> u64 {
        (self.last.len() * size_of::<(Box<str>, u64)>()) as u64
    }

    /// Reads what was removed of a log that begins with `first`.
    pub(super) fn read(storage: &dyn Storage, first: u64) -> io::Result<Self> {
        match Self::load(storage) {
            // A file that was to be removed may be there yet.
            Ok(Some((through, trimmed))) if through >= first => Ok(trimmed.before(first)),
            Ok(_) => Ok(Self::all_before(first)),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                tracing::warn!(
                    file = NAME,
                    "it is damaged: every topic may have lost all that was removed"
                );
                Ok(Self::all_before(first))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads the file, and where the log began then; an error of kind `InvalidData` if it is not whole.
    pub(super) fn load(storage: &dyn Storage) -> io::Result<Option<(u64, Self)>> {
        let file = match storage.open(NAME) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let size = file.size()?;
        let len = usize::try_from(size).unwrap_or(usize::MAX);
        let bytes = Window::new(file, size, len).get(0, len)?;
        let found = bytes.and_then(|bytes| Self::decode(&bytes));
        found.map(Some).ok_or(io::ErrorKind::InvalidData.into())
    }

    /// Writes what was removed of a log that will begin with `first`.
    pub(super) fn write(&self, storage: &dyn Storage, first: u64) -> io::Result<()> {
        let new = format!("{NAME}{NEW}");
        let file = storage.create(&new)?;
        file.write_at(&self.encode(first), 0)?;
        file.sync()?;
        storage.rename(&new, NAME)
    }

    fn before(mut self, first: u64) -> Self {
        let most = first.saturating_sub(1);
        for seq in self.last.values_mut().chain([&mut self.anyones]) {
            *seq = (*seq).min(most);
        }
        self
    }

    fn encode(&self, first: u64) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for number in [first, self.anyones] {
            out.put_u64_le(number);
        }
        out.put_u32_le(self.last.len() as u32);
        for (topic, last) in &self.last {
            put_text(&mut out, topic);
            out.put_u64_le(*last);
        }
        put_sum(&mut out);
        out
    }

    fn decode(bytes: &Bytes) -> Option<(u64, Self)> {
        let mut bytes = checked(bytes, MAGIC)?;
        let first = bytes.try_get_u64_le().ok()?;
        let mut trimmed = Self {
            anyones: bytes.try_get_u64_le().ok()?,
            ..Self::default()
        };
        for _ in 0..bytes.try_get_u32_le().ok()? {
            let topic = text(&mut bytes)?;
            let last = bytes.try_get_u64_le().ok()?;
            trimmed.last.insert((&*topic).into(), last);
        }
        Some((first, trimmed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        position::Epoch,
        provider::file::{simulated::Simulated, topics::Growing},
        topic::Topic,
    };

    fn segment(topics: impl Iterator<Item = (u64, String)>) -> Segment {
        let mut growing = Growing::default();
        for (seq, name) in topics {
            let place = u32::try_from(seq - 1).unwrap();
            growing.note(place, &[Topic::try_from(name).unwrap()]);
        }
        let mut segment = Segment::create(&Simulated::new(), 1, Epoch::random()).unwrap();
        segment.topics = (&growing).into();
        segment
    }

    #[test]
    fn of_too_many_topics_those_that_lost_something_last_are_known() {
        let count = MOST_TOPICS as u64 + 5;
        let mut trimmed = Trimmed::default();
        trimmed.note(&segment((1..=count).map(|seq| (seq, seq.to_string()))));
        assert_eq!(trimmed.last.len(), MOST_TOPICS);
        for (topic, last) in [("1", 5), ("5", 5), ("6", 6), ("10005", 10_005), ("new", 5)] {
            assert_eq!(trimmed.of(topic), last, "{topic}");
        }
        // A topic that comes again is known again.
        trimmed.note(&segment([(20_000, "1".to_owned())].into_iter()));
        assert_eq!((trimmed.of("1"), trimmed.of("6")), (20_000, 6));
        assert_eq!(trimmed.of("7"), 7);
    }

    #[test]
    fn what_damage_took_may_have_been_anyones() {
        let mut damaged = segment([(7, "a".to_owned())].into_iter());
        damaged.holes.push((8, 9));
        let mut trimmed = Trimmed::default();
        trimmed.note(&damaged);
        assert_eq!((trimmed.of("a"), trimmed.of("b")), (9, 9));
    }

    #[test]
    fn a_note_survives_the_disk_and_no_flipped_bit_does() {
        let disk = Simulated::new();
        let mut trimmed = Trimmed::default();
        trimmed.note(&segment(
            [(7, "a".to_owned()), (4, "b".to_owned())].into_iter(),
        ));
        trimmed.anyones = 3;
        trimmed.write(&disk, 9).unwrap();
        assert_eq!(Trimmed::read(&disk, 9).unwrap(), trimmed);
        let earlier = Trimmed::read(&disk, 6).unwrap();
        assert_eq!(
            (earlier.of("a"), earlier.of("b"), earlier.of("c")),
            (5, 4, 3)
        );
        assert_eq!(Trimmed::read(&disk, 10).unwrap(), Trimmed::all_before(10));
        let bytes = trimmed.encode(9);
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Trimmed::decode(&bytes.into()), None, "bit {bit}");
        }
    }
}
