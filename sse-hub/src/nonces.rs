use std::fmt;

/// Random numbers for entries, taken from the system's source a block at a time.
pub(crate) struct Nonces {
    block: [u8; Self::LEN],
    used: usize,
}

impl Nonces {
    const LEN: usize = 1024;

    /// Returns a nonce, which is never 0.
    pub(crate) fn next(&mut self) -> u32 {
        loop {
            if self.used == Self::LEN {
                if getrandom::fill(&mut self.block).is_err() {
                    for part in self.block.chunks_exact_mut(8) {
                        part.copy_from_slice(&crate::position::random_u64().to_ne_bytes());
                    }
                }
                self.used = 0;
            }
            let bytes = &self.block[self.used..self.used + 4];
            self.used += 4;
            let nonce = bytes
                .iter()
                .fold(0, |nonce, &byte| nonce << 8 | u32::from(byte));
            if nonce != 0 {
                return nonce;
            }
        }
    }
}

impl Default for Nonces {
    fn default() -> Self {
        Self {
            block: [0; Self::LEN],
            used: Self::LEN,
        }
    }
}

impl fmt::Debug for Nonces {
    /// Numbers that are still to be used are nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces").finish_non_exhaustive()
    }
}
