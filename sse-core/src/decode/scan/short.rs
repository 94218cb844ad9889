use super::{
    masks::{BLOCK, look_at_block},
    text::Piece,
};

/// A chunk that was looked at as a whole and of which so little is known that it fits in registers:
/// it has at most one block, or no line ends in it.
#[derive(Clone, Copy, Debug)]
pub(in crate::decode) struct Short<'c> {
    pub(super) chunk: &'c [u8],
    /// Line ends that are still to be visited.
    pub(super) ends: u64,
    /// Whether a byte is not ASCII.
    pub(super) high: bool,
    /// Where the current line starts.
    pub(super) line: usize,
}

impl<'c> Short<'c> {
    /// Looks at a chunk behind its first `skip` bytes, which belong to no line; `None` if it is too long.
    #[inline]
    pub(in crate::decode) fn of(chunk: &'c [u8], skip: usize) -> Option<Self> {
        if chunk.len() > BLOCK {
            return None;
        }
        let skip = skip.min(chunk.len());
        let found = look_at_block(chunk);
        Some(Self {
            chunk,
            ends: found.ends & !((1 << skip) - 1),
            high: found.high,
            line: skip,
        })
    }

    /// Makes one of a piece of any length in which no line ends.
    #[inline]
    pub(super) fn without_line_end(piece: Piece<'c>) -> Self {
        Self {
            chunk: piece.bytes(),
            ends: 0,
            high: !piece.is_ascii(),
            line: 0,
        }
    }

    /// Returns what is left of the chunk, or `None` if a line ends in it.
    #[inline]
    pub(in crate::decode) fn rest(&self) -> Option<Piece<'c>> {
        (self.ends == 0).then(|| Piece::looked_at(&self.chunk[self.line..], !self.high))
    }

    /// Returns the line that has begun if LF ends it and it has at most `room` bytes more.
    #[inline]
    pub(in crate::decode) fn next_line_by_lf(&mut self, room: usize) -> Option<Piece<'c>> {
        let end = self.ends.trailing_zeros() as usize;
        let line = self.chunk.get(self.line..end)?;
        if line.len() > room || self.chunk.get(end) != Some(&b'\n') {
            return None;
        }
        self.ends &= self.ends - 1;
        self.line = end + 1;
        Some(Piece::looked_at(line, !self.high))
    }

    /// Passes over the next bytes if they are `start`, in which no line ends.
    #[inline]
    pub(in crate::decode) fn skip(&mut self, start: &[u8]) -> bool {
        let skips = self.chunk[self.line..].starts_with(start);
        if skips {
            self.line += start.len();
        }
        skips
    }

    /// Returns how many bytes have been made lines, with their ends.
    #[inline]
    pub(in crate::decode) fn consumed(&self) -> usize {
        self.line
    }

    #[inline]
    pub(in crate::decode) fn chunk(&self) -> &'c [u8] {
        self.chunk
    }
}
