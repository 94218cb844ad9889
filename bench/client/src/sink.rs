//! What has been read, so that contenders can be compared.

use std::fmt;

/// Counts events and their text; hashes them, too, where time does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sink {
    pub(crate) events: u64,
    /// Bytes of types and data.
    pub(crate) text: u64,
    hash: Option<u64>,
}

impl Sink {
    pub(crate) fn hashing() -> Self {
        Self {
            hash: Some(0xcbf2_9ce4_8422_2325),
            ..Self::default()
        }
    }

    #[inline]
    pub(crate) fn event(&mut self, event_type: &str, data: &str) {
        self.events += 1;
        self.text += (event_type.len() + data.len()) as u64;
        if let Some(hash) = &mut self.hash {
            for part in [event_type, data] {
                // The byte that no text has keeps the parts apart.
                for byte in part.bytes().chain([0xff]) {
                    *hash = (*hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
                }
            }
        }
    }

    /// The same without the hash, so many times.
    pub(crate) fn times(self, times: u64) -> Self {
        Self {
            events: self.events * times,
            text: self.text * times,
            hash: None,
        }
    }
}

impl fmt::Display for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = self.hash.unwrap_or_default();
        write!(f, "{} {} {hash:x}", self.events, self.text)
    }
}
