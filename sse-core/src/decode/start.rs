use super::state::{State, Status};

/// What a first look at a chunk tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admitted {
    /// How many of its bytes may be read.
    pub(super) len: usize,
    /// How many of those at its start belong to no line.
    pub(super) skip: usize,
}

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
