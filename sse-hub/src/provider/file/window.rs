use std::{io, sync::Arc};

use bytes::{Bytes, BytesMut};

use super::storage::StoredFile;

/// Reads a file in large pieces, and gives it out in small ones.
#[derive(Debug)]
pub(super) struct Window {
    file: Arc<dyn StoredFile>,
    /// Nothing behind this is read.
    end: u64,
    piece: usize,
    start: u64,
    bytes: Bytes,
}

impl Window {
    pub(super) fn new(file: Arc<dyn StoredFile>, end: u64, piece: usize) -> Self {
        Self {
            file,
            end,
            piece,
            start: 0,
            bytes: Bytes::new(),
        }
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Returns so many bytes at an offset; `None` if the file ends before.
    pub(super) fn get(&mut self, offset: u64, len: usize) -> io::Result<Option<Bytes>> {
        if offset
            .checked_add(len as u64)
            .is_none_or(|it| it > self.end)
        {
            return Ok(None);
        }
        let within = |start: u64| {
            offset
                .checked_sub(start)
                .and_then(|it| usize::try_from(it).ok())
        };
        if let Some(from) = within(self.start)
            && from
                .checked_add(len)
                .is_some_and(|it| it <= self.bytes.len())
        {
            return Ok(Some(self.bytes.slice(from..from + len)));
        }
        let room = usize::try_from(self.end - offset).unwrap_or(usize::MAX);
        let mut bytes = BytesMut::zeroed(self.piece.max(len).min(room));
        let mut read = 0;
        while read < bytes.len() {
            match self.file.read_at(&mut bytes[read..], offset + read as u64) {
                Ok(0) => break,
                Ok(count) => read += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(read);
        (self.start, self.bytes) = (offset, bytes.freeze());
        Ok((len <= read).then(|| self.bytes.slice(..len)))
    }
}
