use super::{
    scan::Piece,
    state::{State, Status},
};

/// What a first look at a chunk tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admitted {
    /// How many of its bytes may be read.
    pub(super) len: usize,
    /// How many of those at its start belong to no line.
    pub(super) skip: usize,
}

/// Up to this length a chunk is looked at once more before it is walked.
const SHORT: usize = 256;

const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

impl State {
    /// Looks at a chunk before its lines are read.
    #[inline]
    pub(super) fn admit(&mut self, chunk: &[u8]) -> Admitted {
        if self.mark_seen < BYTE_ORDER_MARK.len()
            || self.options.limits.stream != usize::MAX
            || self.status != Status::Running
        {
            return self.admit_slowly(chunk);
        }
        Admitted {
            len: chunk.len(),
            skip: usize::from(self.after_cr && chunk.first() == Some(&b'\n')),
        }
    }

    /// Adds a short chunk to the data line that is open if it has no line end; tells whether it did.
    #[inline]
    pub(super) fn absorb(&mut self, chunk: &[u8]) -> bool {
        if chunk.len() > SHORT || self.options.limits.stream != usize::MAX {
            return false;
        }
        let room = self.room();
        let Some(len) = self.open_data_line() else {
            return false;
        };
        if *len + chunk.len() > room {
            return false;
        }
        let Some(piece) = Piece::without_line_end(chunk) else {
            return false;
        };
        *len += chunk.len();
        self.data.push(piece);
        self.leave(chunk, chunk.len());
        true
    }

    #[cold]
    fn admit_slowly(&mut self, chunk: &[u8]) -> Admitted {
        match self.status {
            Status::Running | Status::Skipping => {}
            Status::Failed => return Admitted { len: 0, skip: 0 },
            Status::Ended => self.reset(),
        }
        let room = match self.options.limits.stream {
            usize::MAX => usize::MAX,
            limit => usize::try_from((limit as u64).saturating_sub(self.chunk_offset))
                .unwrap_or(usize::MAX),
        };
        let len = chunk.len().min(room);
        self.overrun = len < chunk.len();
        let chunk = &chunk[..len];
        let skip = if self.mark_seen < BYTE_ORDER_MARK.len() {
            self.skip_byte_order_mark(chunk)
        } else {
            usize::from(self.after_cr && chunk.first() == Some(&b'\n'))
        };
        Admitted { len, skip }
    }

    /// Leaves out one byte order mark at the very start, even if it comes in pieces.
    fn skip_byte_order_mark(&mut self, chunk: &[u8]) -> usize {
        let before = self.mark_seen;
        let expected = &BYTE_ORDER_MARK[before..];
        let matching = expected
            .iter()
            .zip(chunk)
            .take_while(|(expected, byte)| expected == byte)
            .count();
        if matching == expected.len() || matching == chunk.len() {
            self.mark_seen += matching;
            return matching;
        }
        // It was none: what was held back begins the first line.
        self.mark_seen = BYTE_ORDER_MARK.len();
        self.begin_line(&BYTE_ORDER_MARK[..before]);
        0
    }
}
