use std::io;

use bytes::{Buf, Bytes};
use compression_codecs::{BrotliDecoder, DecodeV2, GzipDecoder};
use compression_core::util::{PartialBuffer, WriteBuffer};

use crate::transport::TransportError;

/// Undoes a compression: all that its bytes allow is given at once, in pieces of bounded size.
pub(crate) struct Decompression {
    coding: Coding,
    decoder: Decoder,
    input: Bytes,
    output: Box<[u8]>,
    /// Whether the last piece was full, so that the decoder may hold more.
    held_back: bool,
    complete: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Coding {
    Gzip,
    Brotli,
}

type Decoder = Box<dyn DecodeV2 + Send + Sync>;

/// A few kilobytes of compressed events can be gigabytes: they come in pieces of this size.
const PIECE: usize = 16 * 1024;

impl Decompression {
    /// That of a content encoding, if it is one that is known.
    pub(crate) fn of(encoding: &[u8]) -> Option<Self> {
        let is = |names: &[&str]| {
            names
                .iter()
                .any(|name| encoding.eq_ignore_ascii_case(name.as_bytes()))
        };
        let coding = if is(&["gzip", "x-gzip"]) {
            Coding::Gzip
        } else if is(&["br"]) {
            Coding::Brotli
        } else {
            return None;
        };
        Some(Self {
            coding,
            decoder: coding.decoder(),
            input: Bytes::new(),
            output: vec![0; PIECE].into(),
            held_back: false,
            complete: false,
        })
    }

    /// Takes a chunk, when there is no more of the one before, and gives the first that comes of it; it may be nothing.
    pub(crate) fn push(&mut self, chunk: Bytes) -> Result<Bytes, TransportError> {
        self.input = chunk;
        self.piece()
    }

    /// Tells whether more may come without another chunk.
    pub(crate) fn has_more(&self) -> bool {
        self.held_back || !self.input.is_empty()
    }

    /// Gives what comes of the chunk, or of what was held back; it may be nothing.
    pub(crate) fn piece(&mut self) -> Result<Bytes, TransportError> {
        if self.complete {
            self.held_back = false;
            if self.coding == Coding::Brotli || self.input.is_empty() {
                self.input = Bytes::new();
                return Ok(Bytes::new());
            }
            // Gzip may go on with another member (RFC 1952, 2.2), as some servers do at each flush.
            self.decoder = self.coding.decoder();
            self.complete = false;
        }
        self.decode().map_err(TransportError::new)
    }

    /// Takes note of the end of the body, which has to be that of the compression, too.
    pub(crate) fn finish(&mut self) -> Result<(), TransportError> {
        if self.complete {
            return Ok(());
        }
        // Brotli that held pieces back after its last byte was read has not been asked since whether it is at its end.
        let mut output = WriteBuffer::new_initialized(&mut self.output);
        match self.decoder.finish(&mut output) {
            Ok(true) => Ok(()),
            Ok(false) => Err(TransportError::new(io::Error::from(
                io::ErrorKind::UnexpectedEof,
            ))),
            Err(error) => Err(TransportError::new(error)),
        }
    }

    fn decode(&mut self) -> io::Result<Bytes> {
        let mut output = WriteBuffer::new_initialized(&mut self.output);
        let mut input = PartialBuffer::new(&*self.input);
        if input.unwritten().is_empty() {
            self.decoder.flush(&mut output)?;
        } else if self.decoder.decode(&mut input, &mut output)? {
            self.complete = true;
        }
        let read = input.written_len();
        // A copy of the right size: whoever keeps an event keeps its piece.
        let piece = Bytes::copy_from_slice(output.written());
        self.input.advance(read);
        self.held_back = piece.len() == PIECE;
        Ok(piece)
    }
}

impl Coding {
    fn decoder(self) -> Decoder {
        match self {
            Self::Gzip => Box::new(GzipDecoder::new()),
            Self::Brotli => Box::new(BrotliDecoder::new()),
        }
    }
}
