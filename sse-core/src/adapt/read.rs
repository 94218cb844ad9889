use core::{iter::FusedIterator, num::NonZeroUsize};
use std::io::{self, ErrorKind};

use bytes::BytesMut;

use super::{
    engine::{Engine, Step, events_methods},
    error::EventsError,
};
use crate::decode::{Decoder, DecoderOptions, Received};

/// Turns a reader into an iterator of events.
///
/// ```
/// use std::io::Read;
/// use sse_core::ReadExt as _;
///
/// let mut connection = &b"event: tick\ndata: 1\n\n"[..];
/// for received in connection.events() {
///     let received = received?;
///     assert_eq!((received.event_type(), received.data()), ("tick", "1"));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ReadExt: io::Read + Sized {
    /// Decodes what is read as the standard says.
    fn events(self) -> ReadEvents<Self> {
        self.events_with(DecoderOptions::new())
    }

    /// Decodes what is read as told.
    fn events_with(self, options: DecoderOptions) -> ReadEvents<Self> {
        self.events_from(Decoder::with_options(options))
    }

    /// Decodes what is read with a decoder that may have seen an earlier connection.
    fn events_from(self, decoder: Decoder) -> ReadEvents<Self> {
        let read_size = READ_SIZE;
        ReadEvents {
            inner: self,
            engine: Engine::new(decoder),
            buffer: BytesMut::new(),
            read_size,
        }
    }
}

impl<R: io::Read> ReadExt for R {}

/// The events of a reader; see [`ReadExt::events`].
///
/// It reads only when it has no event left, once at a time, so that it never waits for more bytes than an event needs;
/// a buffered reader below it gains nothing. A read that was interrupted is repeated.
/// It stays at its end and after an error, except that it goes on after [`ErrorKind::WouldBlock`] and
/// [`ErrorKind::TimedOut`], where nothing is lost.
/// It is `Send` and `Sync` if the reader is.
#[derive(Debug)]
#[must_use = "iterators are lazy"]
pub struct ReadEvents<R> {
    inner: R,
    engine: Engine,
    /// Initialised room for reads; what was read is split off its front.
    buffer: BytesMut,
    read_size: NonZeroUsize,
}

/// As much as a TLS record holds.
const READ_SIZE: NonZeroUsize = NonZeroUsize::new(16 << 10).expect("it is not 0");

impl<R> ReadEvents<R> {
    events_methods!(R);

    /// Sets how many bytes one read asks for at most; 16 KiB by default.
    pub fn read_size(mut self, size: NonZeroUsize) -> Self {
        self.read_size = size;
        self.buffer = BytesMut::new();
        self
    }
}

impl<R: io::Read> ReadEvents<R> {
    fn read(&mut self) -> io::Result<()> {
        let size = self.read_size.get();
        if self.buffer.len() <= size / 2 {
            // Takes the old memory again if no event keeps it.
            self.buffer.resize(size, 0);
        }
        let read = loop {
            match self.inner.read(&mut self.buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        match read {
            0 => self.engine.end(),
            // A reader that claims more than it was given room for is wrong, and must not make this panic.
            _ => self
                .engine
                .push(self.buffer.split_to(read.min(self.buffer.len())).freeze()),
        }
        Ok(())
    }
}

impl<R: io::Read> Iterator for ReadEvents<R> {
    type Item = Result<Received, EventsError<io::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.engine.step() {
                Step::Item(item) => return Some(item),
                Step::Over => return None,
                Step::NextChunk => {
                    if let Err(error) = self.read() {
                        if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) {
                            self.engine.close();
                        }
                        return Some(Err(EventsError::Transport(error)));
                    }
                }
            }
        }
    }
}

impl<R: io::Read> FusedIterator for ReadEvents<R> {}
