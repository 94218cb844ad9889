use std::{fmt, str::FromStr};

use sse_core::EventId;

/// The identity of a log's lineage: eight characters of `0-9a-z`.
///
/// A log that starts anew, or that may hold other entries under the same numbers, has another epoch.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Epoch([u8; Self::LEN]);

impl Epoch {
    const LEN: usize = 8;
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

    /// Draws an epoch at random.
    pub fn random() -> Self {
        Self::from_hash(random_u64())
    }

    /// Makes an epoch of a number, such as a hash of what identifies a stream elsewhere.
    pub fn from_hash(mut hash: u64) -> Self {
        let mut text = [0; Self::LEN];
        for digit in &mut text {
            *digit = Self::DIGITS[(hash % 36) as usize];
            hash /= 36;
        }
        Self(text)
    }

    /// Returns the eight characters.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Epoch {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let bytes: [u8; Self::LEN] = text
            .as_bytes()
            .try_into()
            .map_err(|_| InvalidPosition(()))?;
        if bytes.iter().all(|byte| Self::DIGITS.contains(byte)) {
            Ok(Self(bytes))
        } else {
            Err(InvalidPosition(()))
        }
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A place in a log: everything up to and including this entry has been considered.
///
/// As text it is an event's id, `epoch-seq-nonce`, for instance `k3v9x0qa-12873-7c21ab04`.
/// The nonce is the entry's own random number, so that another entry with the same number is told apart;
/// 0 is unknown and agrees with all.
#[expect(
    clippy::exhaustive_structs,
    reason = "the wire form has these three parts"
)]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Position {
    /// The log's lineage.
    pub epoch: Epoch,
    /// The entry's sequence; 0 is before the first.
    pub seq: u64,
    /// The entry's nonce; 0 is unknown.
    pub nonce: u32,
}

impl Position {
    /// Returns the position as an event's id.
    pub fn to_event_id(self) -> EventId {
        EventId::try_from(self.text().as_str()).unwrap_or(EventId::EMPTY)
    }

    pub(crate) fn text(self) -> Text {
        let mut text = Text::new();
        let _ = fmt::Write::write_fmt(&mut text, format_args!("{self}"));
        text
    }
}

/// The text of a position, without memory of its own.
pub(crate) struct Text {
    bytes: [u8; Self::MOST],
    len: usize,
}

impl Text {
    const MOST: usize = 8 + 1 + 20 + 1 + 8;

    fn new() -> Self {
        Self {
            bytes: [0; Self::MOST],
            len: 0,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let end = self.len + part.len();
        let place = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        place.copy_from_slice(part.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{:08x}", self.epoch, self.seq, self.nonce)
    }
}

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let mut parts = text.split('-');
        let (Some(epoch), Some(seq), Some(nonce), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidPosition(()));
        };
        let digits = (1..=20).contains(&seq.len()) && seq.bytes().all(|byte| byte.is_ascii_digit());
        let hex = nonce.len() == 8
            && nonce
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !(digits && hex) {
            return Err(InvalidPosition(()));
        }
        Ok(Self {
            epoch: epoch.parse()?,
            seq: seq.parse().map_err(|_| InvalidPosition(()))?,
            nonce: u32::from_str_radix(nonce, 16).map_err(|_| InvalidPosition(()))?,
        })
    }
}

/// Text that is no position.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidPosition(());

impl fmt::Display for InvalidPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a position must be eight of 0-9a-z, a sequence and eight hexadecimal digits, joined by hyphens")
    }
}

impl std::error::Error for InvalidPosition {}

/// Returns a number that nobody can foresee; without the system's source one that is merely different each time.
pub(crate) fn random_u64() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    getrandom::u64().unwrap_or_else(|_| RandomState::new().hash_one(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_its_text_and_nothing_else_is_taken() {
        let position = Position {
            epoch: "k3v9x0qa".parse().unwrap(),
            seq: 12873,
            nonce: 0x7c21_ab04,
        };
        assert_eq!(position.to_event_id(), "k3v9x0qa-12873-7c21ab04");
        assert_eq!("k3v9x0qa-12873-7c21ab04".parse(), Ok(position));
        for bad in [
            "",
            "k3v9x0qa-12873",
            "k3v9x0qa-12873-7c21ab0",
            "k3v9x0qa-12873-7C21AB04",
            "K3v9x0qa-12873-7c21ab04",
            "k3v9x0qa-+1-7c21ab04",
            "k3v9x0qa--7c21ab04",
            "k3v9x0qa-99999999999999999999-7c21ab04",
            "k3v9x0qa-1-7c21ab04-",
            "k3v9x0qaa-1-7c21ab04",
        ] {
            assert_eq!(bad.parse::<Position>(), Err(InvalidPosition(())), "{bad:?}");
        }
    }

    #[test]
    fn epochs_are_eight_legal_characters_and_differ() {
        let [one, other] = [Epoch::random(), Epoch::random()];
        assert_ne!(one, other);
        assert_eq!(one.as_str().parse(), Ok(one));
        assert_eq!(Epoch::from_hash(0).as_str(), "00000000");
    }
}
