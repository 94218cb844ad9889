use super::{
    masks::{BLOCK, Summary, WINDOW, find_line_ends},
    short::Short,
    text::Piece,
};

/// The state of a walk over one chunk's line ends.
#[derive(Debug)]
pub(in crate::decode) struct Marks {
    /// Line ends of the current block that are still to be visited, and where that block starts.
    mask: u64,
    block: usize,
    /// The current window: where it starts, the end of what was looked at, its blocks.
    window: usize,
    looked_at: usize,
    summary: Summary,
    /// Whether the last window had neither a line end nor a byte that is not ASCII, be it of another chunk.
    was_quiet: bool,
    masks: [u64; 64],
    /// Where the current line starts.
    line: usize,
    /// Whether a window before this one had a byte of the current line that is not ASCII.
    high_before: bool,
}

impl Default for Marks {
    fn default() -> Self {
        Self {
            mask: 0,
            block: 0,
            window: 0,
            looked_at: 0,
            summary: Summary::default(),
            was_quiet: false,
            masks: [0; 64],
            line: 0,
            high_before: false,
        }
    }
}

impl Marks {
    /// Starts in a new chunk behind its first `skip` bytes, which belong to no line; the old masks are never read again.
    #[inline]
    pub(super) fn start(&mut self, chunk: &[u8], skip: usize) {
        let skip = skip.min(chunk.len());
        self.mask = 0;
        self.summary = Summary::default();
        self.looked_at = skip;
        self.line = skip;
        self.high_before = false;
    }

    /// Goes on in a short chunk, which has been looked at.
    #[inline]
    pub(super) fn go_on(&mut self, short: Short<'_>) {
        self.mask = short.ends;
        self.block = 0;
        self.window = 0;
        self.looked_at = short.chunk.len();
        self.summary.ends = 0;
        self.summary.high = u64::from(short.high);
        self.line = short.line;
        self.high_before = false;
    }

    /// Forgets the chunk.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.mask = 0;
        self.looked_at = 0;
        self.summary = Summary::default();
        self.line = 0;
        self.high_before = false;
    }

    pub(super) fn consumed(&self) -> usize {
        self.line
    }

    /// Tells whether the current line is ASCII up to `end`, which lies in the current window.
    #[inline]
    fn is_ascii_up_to(&self, end: usize) -> bool {
        if self.summary.high == 0 && !self.high_before {
            return true;
        }
        let first = self.line.saturating_sub(self.window) / BLOCK;
        let last = end.saturating_sub(self.window) / BLOCK;
        let blocks = (u64::MAX << (first & 63)) & (u64::MAX >> (63 - last.min(63)));
        self.summary.high & blocks == 0 && !self.high_before
    }
}

/// A walk over the lines of a chunk.
#[derive(Debug)]
pub(in crate::decode) struct Scan<'m, 'c> {
    chunk: &'c [u8],
    marks: &'m mut Marks,
}

impl<'m, 'c> Scan<'m, 'c> {
    /// Starts in a chunk behind its first `skip` bytes, which belong to no line.
    #[inline]
    pub(in crate::decode) fn new(chunk: &'c [u8], skip: usize, marks: &'m mut Marks) -> Self {
        marks.start(chunk, skip);
        Self { chunk, marks }
    }

    /// Goes on in a short chunk.
    #[inline]
    pub(in crate::decode) fn of_short(short: Short<'c>, marks: &'m mut Marks) -> Self {
        marks.go_on(short);
        Self {
            chunk: short.chunk,
            marks,
        }
    }

    /// Has nothing to scan.
    #[inline]
    pub(in crate::decode) fn nothing(marks: &'m mut Marks) -> Self {
        marks.clear();
        Self { chunk: b"", marks }
    }

    /// Goes on in a chunk that `marks` were made from.
    pub(super) fn resume(chunk: &'c [u8], marks: &'m mut Marks) -> Self {
        Self { chunk, marks }
    }

    /// Offers the chunk to `absorb` if no line ends in it, and leaves out what that takes: all or some of its beginning.
    #[inline(never)]
    pub(in crate::decode) fn offer(&mut self, absorb: impl FnOnce(&mut Short<'c>) -> bool) {
        let Some(rest) = self.rest() else {
            return;
        };
        let mut rest = Short::without_line_end(rest);
        if absorb(&mut rest) {
            self.chunk = b"";
            self.marks.clear();
        } else {
            self.marks.line += rest.line;
        }
    }

    /// Returns the next line if it is a data line of at most `room` bytes that LF ends and that a blank line follows:
    /// a whole event. Gives its value.
    ///
    /// Most events are that, and nothing has to be remembered for them.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "the caller's loop keeps the event in registers only then"
    )]
    pub(in crate::decode) fn next_single_line_event(&mut self, room: usize) -> Option<Piece<'c>> {
        if self.marks.mask == 0 && !self.next_block() {
            return None;
        }
        let marks = &mut *self.marks;
        let first = marks.mask & marks.mask.wrapping_neg();
        let without_first = marks.mask & !first;
        if without_first & (first << 1) == 0 {
            return None;
        }
        let end = marks.block + first.trailing_zeros() as usize;
        let line = self.chunk.get(marks.line..end)?;
        if !line.starts_with(b"data:")
            || line.len() > room
            || self.chunk.get(end..end + 2) != Some(b"\n\n")
        {
            return None;
        }
        let value = &line[if line.get(5) == Some(&b' ') { 6 } else { 5 }..];
        let ascii = marks.is_ascii_up_to(end);
        marks.mask = without_first & (without_first - 1);
        marks.line = end + 2;
        marks.high_before = false;
        Some(Piece::looked_at(value, ascii))
    }

    /// Returns the next whole line without its end, or `None` if no line ends in what is left.
    ///
    /// CRLF, LF and CR end a line ([HTML 9.2.5]); an LF right after a CR belongs to it.
    ///
    /// [HTML 9.2.5]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    #[expect(
        clippy::inline_always,
        reason = "returning a piece through memory costs more than finding it"
    )]
    #[inline(always)]
    pub(in crate::decode) fn next_line(&mut self) -> Option<Piece<'c>> {
        loop {
            if self.marks.mask == 0 && !self.next_block() {
                return None;
            }
            let marks = &mut *self.marks;
            let first = marks.mask & marks.mask.wrapping_neg();
            let end = marks.block + first.trailing_zeros() as usize;
            marks.mask &= !first;
            let line = &self.chunk[marks.line..end];
            let ascii = marks.is_ascii_up_to(end);
            marks.line = end + 1;
            marks.high_before = false;
            if marks.mask & (first << 1) != 0 && self.chunk[end..].starts_with(b"\r\n") {
                marks.mask &= marks.mask - 1;
                marks.line = end + 2;
                return Some(Piece::looked_at(line, ascii));
            }
            if line.is_empty() && self.is_second_half_of_crlf(end) {
                continue;
            }
            return Some(Piece::looked_at(line, ascii));
        }
    }

    /// Goes to the next block that has a line end; tells whether there is one.
    #[inline]
    fn next_block(&mut self) -> bool {
        while self.marks.summary.ends == 0 {
            if self.marks.looked_at == self.chunk.len() {
                return false;
            }
            self.look_further();
        }
        let marks = &mut *self.marks;
        let index = marks.summary.ends.trailing_zeros() as usize;
        marks.summary.ends &= marks.summary.ends - 1;
        marks.mask = marks.masks[index & 63];
        marks.block = marks.window + index * BLOCK;
        true
    }

    /// Returns what is left of the chunk, or `None` if a line ends in it.
    #[inline]
    pub(in crate::decode) fn rest(&mut self) -> Option<Piece<'c>> {
        if self.marks.mask != 0 || self.next_block() {
            return None;
        }
        let len = self.chunk.len();
        let ascii = self.marks.looked_at == len && self.marks.is_ascii_up_to(len);
        Some(Piece::looked_at(&self.chunk[self.marks.line..], ascii))
    }

    /// Takes what is left of the chunk: the beginning of a line whose end has not come yet.
    ///
    /// Called only after [`next_line`](Self::next_line) gave `None`.
    pub(in crate::decode) fn take_rest(&mut self) -> Piece<'c> {
        let rest = self.rest().unwrap_or(Piece::unknown(b""));
        self.marks.line = self.chunk.len();
        self.marks.high_before = false;
        rest
    }

    /// Returns how many bytes have been made lines, with their ends.
    pub(in crate::decode) fn consumed(&self) -> usize {
        self.marks.line
    }

    /// Returns where a line of this chunk starts.
    #[inline]
    pub(in crate::decode) fn offset_of(&self, line: Piece<'c>) -> u64 {
        (line.bytes().as_ptr() as usize - self.chunk.as_ptr() as usize) as u64
    }

    pub(in crate::decode) fn chunk(&self) -> &'c [u8] {
        self.chunk
    }

    fn is_second_half_of_crlf(&self, end: usize) -> bool {
        self.chunk[end] == b'\n' && end > 0 && self.chunk[end - 1] == b'\r'
    }

    /// Looks at the next window.
    #[inline(never)]
    fn look_further(&mut self) {
        let start = self.marks.looked_at;
        if !self.marks.is_ascii_up_to(start) {
            self.marks.high_before = true;
        }
        let window = &self.chunk[start..(start + WINDOW).min(self.chunk.len())];
        self.marks.window = start;
        self.marks.looked_at = start + window.len();
        let was_quiet = self.marks.was_quiet;
        self.marks.summary = find_line_ends(window, &mut self.marks.masks, was_quiet);
        self.marks.was_quiet = self.marks.summary == Summary::default();
    }
}
