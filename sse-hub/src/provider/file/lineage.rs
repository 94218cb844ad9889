use std::{fmt::Write as _, io};

use super::{segment::NEW, storage::Storage, window::Window};
use crate::{position::Epoch, provider::Ancestor};

/// The log's epoch and those before it, in a file of their own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Lineage {
    pub(super) epoch: Epoch,
    /// The first sequence appended under it.
    pub(super) start: u64,
    pub(super) ancestors: Vec<Ancestor>,
}

/// The name of the file.
pub(super) const NAME: &str = "epoch";
const TITLE: &str = "sse-hub log 1";
/// Ancestors beyond these are forgotten, oldest first: who has such an id is told of a gap.
const MOST_ANCESTORS: usize = 64;
/// The most bytes that such a file has.
const MOST_BYTES: u64 = 64 * 1024;

impl Lineage {
    /// Begins one; sequences before `start` are none of it.
    pub(super) fn begin(start: u64) -> Self {
        Self {
            epoch: Epoch::random(),
            start,
            ancestors: Vec::new(),
        }
    }

    /// Goes on under another epoch, which shares what is before `fork_at` and appends from `start` on.
    pub(super) fn fork(&mut self, fork_at: u64, start: u64) {
        for ancestor in &mut self.ancestors {
            ancestor.fork_at = ancestor.fork_at.min(fork_at);
        }
        self.ancestors.push(Ancestor {
            epoch: self.epoch,
            fork_at,
        });
        let forgotten = self.ancestors.len().saturating_sub(MOST_ANCESTORS);
        self.ancestors.drain(..forgotten);
        (self.epoch, self.start) = (Epoch::random(), start);
    }

    /// Reads it; `None` if there is none, and an error of kind `InvalidData` if it is not whole.
    pub(super) fn read(storage: &dyn Storage) -> io::Result<Option<Self>> {
        let file = match storage.open(NAME) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let size = file.size()?.min(MOST_BYTES);
        let bytes = Window::new(file, size, size as usize).get(0, size as usize)?;
        let text = bytes
            .as_deref()
            .and_then(|bytes| str::from_utf8(bytes).ok());
        match text.and_then(Self::parse) {
            Some(lineage) => Ok(Some(lineage)),
            None => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// Returns once it is on the disk.
    pub(super) fn write(&self, storage: &dyn Storage) -> io::Result<()> {
        let new = format!("{NAME}{NEW}");
        let file = storage.create(&new)?;
        file.write_at(self.text().as_bytes(), 0)?;
        file.sync()?;
        storage.rename(&new, NAME)?;
        storage.sync_names()
    }

    fn text(&self) -> String {
        let mut text = format!("{TITLE}\nepoch {} {}\n", self.epoch, self.start);
        for Ancestor { epoch, fork_at } in &self.ancestors {
            let _ = writeln!(text, "ancestor {epoch} {fork_at}");
        }
        let sum = crc32c::crc32c(text.as_bytes());
        let _ = writeln!(text, "crc32c {sum:08x}");
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut lineage = None;
        if lines.next()? != TITLE {
            return None;
        }
        for line in lines {
            let mut words = line.split(' ');
            let (word, one, other) = (words.next()?, words.next()?, words.next());
            match (word, other) {
                ("epoch", Some(start)) => {
                    lineage = Some(Self {
                        epoch: one.parse().ok()?,
                        start: start.parse().ok()?,
                        ancestors: Vec::new(),
                    });
                }
                ("ancestor", Some(fork_at)) => lineage.as_mut()?.ancestors.push(Ancestor {
                    epoch: one.parse().ok()?,
                    fork_at: fork_at.parse().ok()?,
                }),
                _ => {}
            }
        }
        // Whatever was read, it is only whole if it would be written so.
        lineage.filter(|lineage| lineage.text() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lineage_survives_its_text_and_no_flipped_bit_does() {
        let mut lineage = Lineage::begin(1);
        lineage.fork(7, 9);
        lineage.fork(5, 11);
        let text = lineage.text();
        assert_eq!(Lineage::parse(&text), Some(lineage.clone()));
        assert_eq!(lineage.ancestors.len(), 2);
        assert!(lineage.ancestors.iter().all(|it| it.fork_at == 5));
        for bit in 0..text.len() * 8 {
            let mut bytes = text.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let flipped = String::from_utf8(bytes).ok();
            assert_eq!(
                flipped.and_then(|it| Lineage::parse(&it)),
                None,
                "bit {bit}"
            );
        }
    }
}
