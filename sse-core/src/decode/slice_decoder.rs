use core::mem;

use super::{
    block::Block,
    error::DecodeError,
    event_ref::EventRef,
    event_refs::EventRefs,
    options::DecoderOptions,
    scan::{Marks, Scan, Short},
    state::State,
    walk::Walk,
};
use crate::{event_id::EventId, retry::Retry};

/// Decodes an event stream without giving anything away: events are lent straight from the input.
///
/// No allocation and no reference count for an event whose data is one line that lies in one chunk.
/// [`Decoder`](crate::Decoder) is the same with events that can be kept.
/// Use one for each stream; it is `Send + Sync` and needs `&mut` to decode.
///
/// ```
/// use sse_core::SliceDecoder;
///
/// let mut decoder = SliceDecoder::new();
/// let mut lengths = Vec::new();
/// for chunk in ["event: tick\nda", "ta: one\n\ndata: three\n", "\n"] {
///     let mut events = decoder.decode(chunk.as_bytes());
///     while let Some(event) = events.next() {
///         let event = event?;
///         lengths.push((event.event_type().len(), event.data().len()));
///     }
/// }
/// assert_eq!(lengths, [(4, 3), (7, 5)]);
/// # Ok::<(), sse_core::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct SliceDecoder {
    state: State,
    marks: Marks,
}

impl SliceDecoder {
    /// Makes a decoder with the default options.
    pub fn new() -> Self {
        Self::with_options(DecoderOptions::new())
    }

    /// Makes a decoder that reads as told.
    pub fn with_options(options: DecoderOptions) -> Self {
        Self {
            state: State::new(options),
            marks: Marks::default(),
        }
    }

    /// Makes a decoder that starts with a last event ID, as after a reconnection.
    pub fn resume(id: &EventId) -> Self {
        let mut decoder = Self::new();
        decoder.set_last_event_id(id);
        decoder
    }

    /// Decodes the next chunk of the stream; an empty one changes nothing.
    #[inline]
    pub fn decode<'d, 'c>(&'d mut self, chunk: &'c [u8]) -> EventRefs<'d, 'c> {
        let admitted = self.state.admit(chunk);
        let chunk = &chunk[..admitted.len];
        let scan = match Short::of(chunk, admitted.skip) {
            Some(mut short) => {
                if self.state.absorb(&mut short) {
                    Scan::nothing(&mut self.marks)
                } else {
                    Scan::of_short(short, &mut self.marks)
                }
            }
            None => {
                let mut scan = Scan::new(chunk, admitted.skip, &mut self.marks);
                scan.offer(|rest| self.state.absorb(rest));
                scan
            }
        };
        EventRefs::new(Walk::new(&mut self.state, scan))
    }

    /// Tells that the stream has ended; what comes next is a new one.
    ///
    /// A block without its blank line is discarded, unless
    /// [`dispatch_unterminated`](DecoderOptions::dispatch_unterminated) was asked for.
    pub fn finish(&mut self) -> Option<Result<EventRef<'_>, DecodeError>> {
        match self.state.finish() {
            Err(error) => Some(Err(error)),
            Ok(finish) if !finish.gives_out => None,
            Ok(_) => {
                let State {
                    open, data, saved, ..
                } = &mut self.state;
                Some(Ok(EventRef::new(
                    Block::default(),
                    mem::take(open),
                    data,
                    saved,
                    None,
                )))
            }
        }
    }

    /// Prepares for a new connection: forgets the stream, keeps the last event ID and the reconnection time.
    pub fn reset(&mut self) {
        self.state.reset();
    }

    /// Sets the last event ID.
    pub fn set_last_event_id(&mut self, id: &EventId) {
        self.state.set_last_event_id(id.as_str());
    }

    /// Returns the last event ID; empty if there is none. It survives every error.
    pub fn last_event_id(&self) -> &str {
        &self.state.saved.last_event_id
    }

    /// Returns the last reconnection time that the stream has sent, as sent.
    pub fn reconnection_time(&self) -> Option<Retry> {
        self.state.retry
    }

    /// Returns the number of bytes of this stream that have been decoded.
    pub fn position(&self) -> u64 {
        self.state.chunk_offset
    }

    /// Returns the number of bytes that are held because their event or line has not ended.
    pub fn buffered(&self) -> usize {
        self.state.buffered()
    }

    /// Tells whether an event or a line has begun and not ended.
    pub fn in_event(&self) -> bool {
        self.state.in_event()
    }
}

impl Default for SliceDecoder {
    fn default() -> Self {
        Self::new()
    }
}
