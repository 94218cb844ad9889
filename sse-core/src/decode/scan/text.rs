use alloc::{string::String, vec::Vec};
use core::{mem, str};

use bytestring::ByteString;

/// Bytes of a line, and whether they are known to be ASCII.
///
/// Only this module's parent makes pieces that say they are, from bytes that it has looked at.
#[derive(Clone, Copy, Debug)]
pub(in crate::decode) struct Piece<'a> {
    bytes: &'a [u8],
    ascii: bool,
}

impl<'a> Piece<'a> {
    /// Makes a piece of bytes of which nothing is known.
    pub(in crate::decode) fn unknown(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            ascii: false,
        }
    }

    /// Makes a piece of bytes that were seen to be ASCII if `ascii` says so.
    #[inline]
    pub(super) fn looked_at(bytes: &'a [u8], ascii: bool) -> Self {
        debug_assert!(!ascii || bytes.is_ascii());
        Self { bytes, ascii }
    }

    #[inline]
    pub(in crate::decode) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Tells whether the bytes are known to be ASCII.
    #[inline]
    pub(super) fn is_ascii(self) -> bool {
        self.ascii
    }

    /// Returns the piece without its first bytes.
    #[inline]
    pub(in crate::decode) fn skip(self, count: usize) -> Self {
        Self {
            bytes: &self.bytes[count..],
            ascii: self.ascii,
        }
    }

    /// Returns the text, or `None` if it is not UTF-8.
    #[inline]
    pub(in crate::decode) fn text(self) -> Option<&'a str> {
        if self.ascii {
            // SAFETY: ASCII is UTF-8, and `ascii` is only ever true of bytes that were seen to be.
            Some(unsafe { str::from_utf8_unchecked(self.bytes) })
        } else {
            simdutf8::basic::from_utf8(self.bytes).ok()
        }
    }
}

/// A buffer that gathers pieces.
#[derive(Clone, Debug)]
pub(in crate::decode) struct TextBuffer {
    bytes: Vec<u8>,
    /// Whether the bytes are known to be UTF-8, since each part of them is.
    valid: bool,
}

impl Default for TextBuffer {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            valid: true,
        }
    }
}

impl TextBuffer {
    pub(in crate::decode) fn clear(&mut self) {
        self.bytes.clear();
        self.valid = true;
    }

    /// Adds bytes that may end within a character.
    #[inline]
    pub(in crate::decode) fn push(&mut self, piece: Piece<'_>) {
        match <&[u8; 64]>::try_from(piece.bytes) {
            // A length that is known beforehand saves a call.
            Ok(block) => self.bytes.extend_from_slice(block),
            Err(_) => self.bytes.extend_from_slice(piece.bytes),
        }
        self.valid &= piece.ascii;
    }

    /// Adds text.
    #[inline]
    pub(in crate::decode) fn push_text(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Starts a new line.
    #[inline]
    pub(in crate::decode) fn push_line_feed(&mut self) {
        self.bytes.push(b'\n');
    }

    pub(in crate::decode) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(in crate::decode) fn as_piece(&self) -> Piece<'_> {
        Piece {
            bytes: &self.bytes,
            ascii: false,
        }
    }

    /// Returns the text, with U+FFFD for what is not UTF-8: one for each maximal part, as the Encoding standard says.
    pub(in crate::decode) fn text(&mut self) -> &str {
        if !self.valid {
            if simdutf8::basic::from_utf8(&self.bytes).is_err() {
                self.bytes = String::from_utf8_lossy(&self.bytes)
                    .into_owned()
                    .into_bytes();
            }
            self.valid = true;
        }
        // SAFETY: `valid` is true only while every part was UTF-8, or after the whole was checked or replaced.
        unsafe { str::from_utf8_unchecked(&self.bytes) }
    }

    /// Holds just one piece, and returns its text.
    #[cold]
    pub(in crate::decode) fn set(&mut self, piece: Piece<'_>) -> &str {
        self.clear();
        self.push(piece);
        self.text()
    }

    /// Returns the text to be kept: its memory where that is worth more than a copy.
    pub(in crate::decode) fn take(&mut self) -> ByteString {
        let large = self.bytes.len() >= LARGE && self.bytes.capacity() <= 2 * self.bytes.len();
        if !large {
            return self.text().into();
        }
        self.text();
        // The next event of such a stream is likely about as long: one allocation then serves it too.
        let next = Vec::with_capacity(self.bytes.len() + self.bytes.len() / 8);
        let bytes = mem::replace(&mut self.bytes, next);
        // SAFETY: `text` left nothing but UTF-8.
        unsafe { String::from_utf8_unchecked(bytes) }.into()
    }
}

/// From this many bytes on, an allocation is cheaper than a copy.
const LARGE: usize = 4096;
