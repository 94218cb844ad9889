/// Cuts bytes into characters, one byte at a time, as the UTF-8 decode algorithm of the Encoding standard does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Characters {
    missing: u8,
    /// The bounds of the next byte.
    lower: u8,
    upper: u8,
    taken: u8,
    bits: u32,
}

/// What a byte did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// It began or continued a character.
    Incomplete,
    /// It completed a character of so many bytes.
    Complete(char, u8),
    /// It cannot start a character.
    Invalid,
    /// It does not continue what so many earlier bytes began: these are invalid, and it has to be given again.
    Cut(u8),
}

impl Characters {
    pub(super) const fn new() -> Self {
        Self {
            missing: 0,
            lower: 0x80,
            upper: 0xBF,
            taken: 0,
            bits: 0,
        }
    }

    #[inline]
    pub(super) fn push(&mut self, byte: u8) -> Step {
        if self.missing == 0 {
            return self.start(byte);
        }
        if byte < self.lower || byte > self.upper {
            return Step::Cut(self.cut().unwrap_or(0));
        }
        (self.lower, self.upper) = (0x80, 0xBF);
        self.missing -= 1;
        self.taken += 1;
        self.bits = self.bits << 6 | u32::from(byte & 0x3F);
        match char::from_u32(self.bits) {
            Some(character) if self.missing == 0 => Step::Complete(character, self.taken),
            _ => Step::Incomplete,
        }
    }

    /// Forgets a character that was begun; returns of how many bytes it was.
    pub(super) fn cut(&mut self) -> Option<u8> {
        let taken = (self.missing > 0).then_some(self.taken);
        *self = Self::new();
        taken
    }

    fn start(&mut self, byte: u8) -> Step {
        let (missing, lower, upper) = match byte {
            0x00..=0x7F => return Step::Complete(char::from(byte), 1),
            0xC2..=0xDF => (1, 0x80, 0xBF),
            0xE0 => (2, 0xA0, 0xBF),
            0xED => (2, 0x80, 0x9F),
            0xE1..=0xEF => (2, 0x80, 0xBF),
            0xF0 => (3, 0x90, 0xBF),
            0xF4 => (3, 0x80, 0x8F),
            0xF1..=0xF3 => (3, 0x80, 0xBF),
            _ => return Step::Invalid,
        };
        *self = Self {
            missing,
            lower,
            upper,
            taken: 1,
            bits: u32::from(byte) & (0x3F >> missing),
        };
        Step::Incomplete
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    fn lossy(bytes: &[u8]) -> String {
        let (mut characters, mut text) = (Characters::new(), String::new());
        for &byte in bytes {
            loop {
                match characters.push(byte) {
                    Step::Incomplete => break,
                    Step::Complete(character, _) => break text.push(character),
                    Step::Invalid => break text.push('\u{FFFD}'),
                    Step::Cut(_) => text.push('\u{FFFD}'),
                }
            }
        }
        if characters.cut().is_some() {
            text.push('\u{FFFD}');
        }
        text
    }

    #[test]
    fn every_pair_and_many_longer_sequences_decode_as_the_standard_library_does() {
        let interesting = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
            0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ];
        let check =
            |bytes: &[u8]| assert_eq!(lossy(bytes), String::from_utf8_lossy(bytes), "{bytes:x?}");
        for a in 0..=u8::MAX {
            for b in 0..=u8::MAX {
                check(&[a, b]);
            }
        }
        for a in interesting {
            for b in interesting {
                for c in interesting {
                    check(&[a, b, c]);
                    for d in interesting {
                        check(&[a, b, c, d]);
                    }
                }
            }
        }
    }
}
