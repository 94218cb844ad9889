use std::fmt;
use std::io::{self, Write};

use flate2::write::GzDecoder;

/// Undoes gzip as the bytes come: what the sender has flushed is there at once.
pub(crate) struct Gunzip(GzDecoder<Vec<u8>>);

impl Gunzip {
    pub(crate) fn new() -> Self {
        Self(GzDecoder::new(Vec::new()))
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(bytes)?;
        self.0.flush()?;
        Ok(std::mem::take(self.0.get_mut()))
    }
}

impl fmt::Debug for Gunzip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gunzip").finish_non_exhaustive()
    }
}
