use super::scan::Piece;
use crate::retry::Retry;

/// What has been read of the current block.
///
/// Text lies in the current chunk as long as that is there, and in the [`State`](super::state::State)'s buffers after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'c> {
    pub(super) data: Data<'c>,
    pub(super) event: Text<'c>,
    pub(super) id: Text<'c>,
    pub(super) retry: Option<Retry>,
    /// Whether one of event, id and retry is present; saves looking at each.
    pub(super) has_fields: bool,
    /// Whether it was given out, so that the next line begins a new block.
    pub(super) dispatched: bool,
    /// Bytes of its lines without their ends, comments and unknown fields included.
    pub(super) bytes: usize,
    pub(super) data_lines: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Data<'c> {
    Absent,
    /// One line, which lies in the chunk.
    Line(Piece<'c>),
    /// In the state's buffer.
    Gathered,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Text<'c> {
    Absent,
    Chunk(&'c str),
    Saved,
}

impl Block<'_> {
    pub(super) const EMPTY: Self = Self {
        data: Data::Absent,
        event: Text::Absent,
        id: Text::Absent,
        retry: None,
        has_fields: false,
        dispatched: false,
        bytes: 0,
        data_lines: 0,
    };

    #[inline]
    pub(super) fn clear(&mut self) {
        self.data = Data::Absent;
        self.dispatched = false;
        self.bytes = 0;
        self.data_lines = 0;
        if self.has_fields {
            self.event = Text::Absent;
            self.id = Text::Absent;
            self.retry = None;
            self.has_fields = false;
        }
    }
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
    #[inline]
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
