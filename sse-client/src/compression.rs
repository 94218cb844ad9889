use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use compression_codecs::{BrotliDecoder, DecodeV2, GzipDecoder};
use compression_core::util::{PartialBuffer, WriteBuffer};
use futures_core::Stream;

use crate::transport::{ResponseBody, TransportError};

/// Undoes a compression; gives the body back if it is none that is known.
pub(crate) fn decoded(encoding: &[u8], body: ResponseBody) -> Result<ResponseBody, ResponseBody> {
    let decoder: Box<dyn DecodeV2 + Send> = if is(encoding, &["gzip", "x-gzip"]) {
        Box::new(GzipDecoder::new())
    } else if is(encoding, &["br"]) {
        Box::new(BrotliDecoder::new())
    } else {
        return Err(body);
    };
    Ok(ResponseBody::from_stream(Decompressed {
        body,
        decoder,
        input: Bytes::new(),
        output: vec![0; PIECE].into(),
        held_back: false,
        complete: false,
    }))
}

fn is(encoding: &[u8], names: &[&str]) -> bool {
    names
        .iter()
        .any(|name| encoding.eq_ignore_ascii_case(name.as_bytes()))
}

/// A body without its compression: all that its bytes allow is given at once, in pieces of bounded size.
struct Decompressed {
    body: ResponseBody,
    decoder: Box<dyn DecodeV2 + Send>,
    input: Bytes,
    output: Box<[u8]>,
    /// Whether the last piece was full, so that the decoder may hold more.
    held_back: bool,
    complete: bool,
}

/// A few kilobytes of compressed events can be gigabytes: they come in pieces of this size.
const PIECE: usize = 16 * 1024;

impl Decompressed {
    /// Gives what comes of the input, or of what was held back; it may be nothing.
    fn piece(&mut self) -> std::io::Result<Bytes> {
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

impl Stream for Decompressed {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.input.is_empty() && !self.held_back {
            match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(chunk)) => self.input = chunk,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None if self.complete => return Poll::Ready(None),
                None => {
                    let error = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
                    return Poll::Ready(Some(Err(TransportError::new(error))));
                }
            }
        }
        if self.complete {
            // Nothing follows the end of what was compressed.
            self.input = Bytes::new();
            self.held_back = false;
            return Poll::Ready(Some(Ok(Bytes::new())));
        }
        Poll::Ready(Some(self.piece().map_err(TransportError::new)))
    }
}
