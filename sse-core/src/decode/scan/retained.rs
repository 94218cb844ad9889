use bytes::Bytes;
use bytestring::ByteString;

use super::{
    marks::{Marks, Scan},
    short::Short,
};

/// A chunk together with the marks that were made from it, so that a scan can stop and go on later.
#[derive(Debug, Default)]
pub(in crate::decode) struct Retained {
    chunk: Bytes,
    marks: Marks,
}

impl Retained {
    /// Takes a chunk and starts behind its first `skip` bytes, which belong to no line.
    ///
    /// Does not keep one of which `absorb` takes all.
    #[inline]
    pub(in crate::decode) fn load(
        &mut self,
        chunk: Bytes,
        skip: usize,
        absorb: impl FnOnce(&mut Short<'_>) -> bool,
    ) {
        match Short::of(&chunk, skip) {
            Some(mut short) => {
                if absorb(&mut short) {
                    return;
                }
                self.marks.go_on(short);
            }
            None => {
                let mut scan = Scan::new(&chunk, skip, &mut self.marks);
                scan.offer(absorb);
                if scan.chunk().is_empty() {
                    return;
                }
            }
        }
        self.chunk = chunk;
    }

    /// Lets go of the chunk.
    pub(in crate::decode) fn unload(&mut self) {
        self.marks.clear();
        self.chunk = Bytes::new();
    }

    /// Goes on where the last scan of this chunk stopped.
    pub(in crate::decode) fn scan(&mut self) -> (Scan<'_, '_>, &Bytes) {
        (Scan::resume(&self.chunk, &mut self.marks), &self.chunk)
    }

    /// Tells whether there is no chunk.
    pub(in crate::decode) fn is_empty(&self) -> bool {
        self.chunk.is_empty()
    }

    /// Returns the number of bytes that have been made lines, with their ends.
    pub(in crate::decode) fn consumed(&self) -> usize {
        self.marks.consumed()
    }

    /// Returns the number of bytes that no line has been made of yet.
    pub(in crate::decode) fn remaining(&self) -> usize {
        self.chunk.len() - self.marks.consumed()
    }
}

/// Makes text of a part of `chunk`, sharing its memory.
///
/// # Panics
///
/// If `text` is no part of `chunk`.
#[inline]
pub(in crate::decode) fn share(chunk: &Bytes, text: &str) -> ByteString {
    let start = (text.as_ptr() as usize).wrapping_sub(chunk.as_ptr() as usize);
    // SAFETY: `slice` panics unless this range lies in the chunk, and then it is the memory of `text`, which is UTF-8.
    unsafe { ByteString::from_bytes_unchecked(chunk.slice(start..start + text.len())) }
}
