/// The name of the field that a line holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FieldName {
    Comment,
    Data,
    Event,
    Id,
    Retry,
    Misspelled,
    Unknown,
}

/// A field name as it is read: as much of it as tells a known name, and what differs from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameBuffer {
    letters: [u8; LONGEST],
    len: usize,
    /// Case or white space that no known name has.
    altered: bool,
    /// White space after a letter: harmless only at the end.
    gap: bool,
    /// No known name can come of it any more.
    unknown: bool,
}

const LONGEST: usize = "retry".len();

impl NameBuffer {
    pub(super) const EMPTY: Self = Self {
        letters: [0; LONGEST],
        len: 0,
        altered: false,
        gap: false,
        unknown: false,
    };

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0 && !self.altered && !self.unknown
    }

    pub(super) fn push(&mut self, character: char) {
        if character == ' ' || character == '\t' {
            self.altered = true;
            self.gap = self.len > 0;
            return;
        }
        if !character.is_ascii_alphabetic() || self.gap || self.len == LONGEST {
            self.unknown = true;
            return;
        }
        let lower = character.to_ascii_lowercase();
        self.altered |= lower != character;
        // ASCII, so that the cast is exact.
        self.letters[self.len] = lower as u8;
        self.len += 1;
    }

    pub(super) fn resolve(&self) -> FieldName {
        let known = match &self.letters[..self.len] {
            _ if self.unknown => FieldName::Unknown,
            _ if self.is_empty() => FieldName::Comment,
            b"data" => FieldName::Data,
            b"event" => FieldName::Event,
            b"id" => FieldName::Id,
            b"retry" => FieldName::Retry,
            _ => FieldName::Unknown,
        };
        if self.altered && known != FieldName::Unknown {
            FieldName::Misspelled
        } else {
            known
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_misspelled_or_unknown() {
        let check = |name: &str, expected| {
            let mut buffer = NameBuffer::EMPTY;
            name.chars().for_each(|character| buffer.push(character));
            assert_eq!(buffer.resolve(), expected, "{name:?}");
        };
        check("", FieldName::Comment);
        check("data", FieldName::Data);
        check("event", FieldName::Event);
        check("id", FieldName::Id);
        check("retry", FieldName::Retry);
        for name in [
            "Data",
            "DATA",
            " data",
            "data ",
            "\t  event \t",
            "iD",
            "              retry",
        ] {
            check(name, FieldName::Misspelled);
        }
        for name in [
            " ",
            "dat",
            "datas",
            "retry1",
            "da ta",
            "\u{FEFF}data",
            "data-x",
            "i d",
            "1",
        ] {
            check(name, FieldName::Unknown);
        }
    }
}
