use crate::retry::Retry;

/// The parts of the open block that lie in the current chunk.
///
/// Only an event whose lines come in several chunks has parts elsewhere: [`Open`] tells which.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Block<'c> {
    /// The data, as long as it is one line.
    pub(super) data: Option<&'c str>,
    pub(super) event: Option<&'c str>,
    pub(super) id: Option<&'c str>,
    /// The comment that is to be given out next.
    pub(super) comment: Option<&'c str>,
}

impl Block<'_> {
    /// Tells whether anything of the open block lies in the chunk.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.data.is_some() || self.event.is_some() || self.id.is_some()
    }
}

/// What is known of the open block beside its text in the chunk.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each tells of another buffer"
)]
pub(super) struct Open {
    /// Bytes of its lines without their ends, comments and unknown fields included.
    pub(super) bytes: usize,
    pub(super) data_lines: usize,
    pub(super) retry: Option<Retry>,
    /// Whether one of event, id and retry is present.
    pub(super) has_fields: bool,
    /// Whether data, event, id are in the state's buffers.
    pub(super) data_gathered: bool,
    pub(super) event_saved: bool,
    pub(super) id_saved: bool,
}

/// What a line says, and where its value starts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Line {
    Data(usize),
    Event(usize),
    Id(usize),
    Retry(usize),
    Comment(usize),
    Unknown,
}

impl Line {
    /// Reads the field name of a line that is not empty.
    #[expect(
        clippy::inline_always,
        reason = "a call costs as much as reading the name"
    )]
    #[inline(always)]
    pub(super) fn of(line: &[u8]) -> Self {
        let (make, name): (fn(usize) -> Self, usize) = match line {
            [b'd', b'a', b't', b'a', ..] => (Self::Data, 4),
            [b'e', b'v', b'e', b'n', b't', ..] => (Self::Event, 5),
            [b'i', b'd', ..] => (Self::Id, 2),
            [b'r', b'e', b't', b'r', b'y', ..] => (Self::Retry, 5),
            _ => (Self::Comment, 0),
        };
        match &line[name..] {
            [b':', b' ', ..] => make(name + 2),
            [b':', ..] => make(name + 1),
            [] => make(name),
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_ends_at_the_first_colon_and_one_space_is_dropped() {
        let cases: [(&str, Line); 16] = [
            ("data", Line::Data(4)),
            ("data:", Line::Data(5)),
            ("data: ", Line::Data(6)),
            ("data:  x", Line::Data(6)),
            ("data:x:y", Line::Data(5)),
            ("event:x", Line::Event(6)),
            ("id", Line::Id(2)),
            ("id: 1", Line::Id(4)),
            ("retry: 1", Line::Retry(7)),
            (":", Line::Comment(1)),
            (": x", Line::Comment(2)),
            ("data : x", Line::Unknown),
            ("Data: x", Line::Unknown),
            ("datax", Line::Unknown),
            (" data: x", Line::Unknown),
            ("i", Line::Unknown),
        ];
        for (line, expected) in cases {
            assert_eq!(Line::of(line.as_bytes()), expected, "{line:?}");
        }
    }
}
