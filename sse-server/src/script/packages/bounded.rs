//! Bytes that a package writes for a script, where no budget of the script's would see them grow.

use std::io;

/// As many bytes as a script is given at once.
#[derive(Debug, Default)]
pub(super) struct Bounded(Vec<u8>);

impl Bounded {
    pub(super) fn into_inner(self) -> Vec<u8> {
        self.0
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            let rule = format!("longer than {} MiB", LONGEST >> 20);
            return Err(io::Error::other(rule));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A quarter of what the state may hold.
const LONGEST: usize = 64 << 20;
