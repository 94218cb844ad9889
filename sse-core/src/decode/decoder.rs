use alloc::{collections::VecDeque, vec::Vec};
use core::mem;

use bytes::Bytes;

use super::{
    error::DecodeError,
    options::DecoderOptions,
    received::Received,
    scan::{Retained, share},
    state::{State, Status},
    walk::{Step, Walk},
};
use crate::{event::Event, event_id::EventId, event_type::EventType, retry::Retry};

/// Decodes an event stream into events that can be kept.
///
/// Push chunks as they come and take events until there are no more; the caller owns the IO.
/// Text that lies in one chunk is a refcounted slice of it, so that a kept event keeps its chunk in memory:
/// see [`Received::detached`].
/// Use one for each stream; it is `Send + Sync` and needs `&mut` to decode.
///
/// ```
/// use sse_core::Decoder;
///
/// let mut decoder = Decoder::new();
/// decoder.push("id: 7\ndata: hel");
/// assert!(decoder.next().is_none());
/// decoder.push("lo\n\n");
/// let received = decoder.next().unwrap()?;
/// assert_eq!((received.event_type(), received.data()), ("message", "hello"));
/// assert_eq!(decoder.last_event_id(), &"7");
/// # Ok::<(), sse_core::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    state: State,
    current: Retained,
    waiting: VecDeque<Bytes>,
    last_event_id: EventId,
    /// Whether the last event ID is a slice of the current chunk.
    id_in_chunk: bool,
}

impl Decoder {
    /// Makes a decoder with the default options.
    pub fn new() -> Self {
        Self::with_options(DecoderOptions::new())
    }

    /// Makes a decoder that reads as told.
    pub fn with_options(options: DecoderOptions) -> Self {
        Self {
            state: State::new(options),
            current: Retained::default(),
            waiting: VecDeque::new(),
            last_event_id: EventId::EMPTY,
            id_in_chunk: false,
        }
    }

    /// Makes a decoder that starts with a last event ID, as after a reconnection.
    pub fn resume(id: EventId) -> Self {
        let mut decoder = Self::new();
        decoder.set_last_event_id(id);
        decoder
    }

    /// Adds the next chunk of the stream; an empty one changes nothing.
    pub fn push(&mut self, chunk: impl Into<Bytes>) {
        let chunk = chunk.into();
        if chunk.is_empty() {
            return;
        }
        if self.current.is_empty() && self.waiting.is_empty() {
            self.load(chunk);
        } else {
            self.waiting.push_back(chunk);
        }
    }

    /// Returns the next event, or `None` when more input is needed.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], after all events before it; decoding goes on after one that is not fatal,
    /// and after a fatal one nothing comes until [`reset`](Self::reset).
    #[expect(
        clippy::should_implement_trait,
        reason = "`None` does not mean that it has ended"
    )]
    #[inline]
    pub fn next(&mut self) -> Option<Result<Received, DecodeError>> {
        let (scan, chunk) = self.current.scan();
        let mut walk = Walk::new(&mut self.state, scan);
        // Each event is made where it is returned: moving one costs more than finding it.
        if let Some(line) = walk.next_single_line_event() {
            let last_event_id = self.last_event_id.share();
            let Some(text) = line.text() else {
                let event = Event::new(walk.state.data.set(line));
                return Some(Ok(Received {
                    event,
                    last_event_id,
                }));
            };
            return Some(Ok(Received {
                event: Event {
                    event: None,
                    data: Some(share(chunk, text)),
                    id: None,
                    retry: None,
                    comment: None,
                },
                last_event_id,
            }));
        }
        // A chunk that was taken as a whole when it came has no events, and nothing waits behind it.
        if self.current.is_empty() && !self.state.overrun {
            return None;
        }
        self.next_of_many_lines()
    }

    /// Tells that the stream has ended, after [`next`](Self::next) gave `None`; what comes next is a new one.
    ///
    /// A block without its blank line is discarded, unless
    /// [`dispatch_unterminated`](DecoderOptions::dispatch_unterminated) was asked for.
    pub fn finish(&mut self) -> Option<Result<Received, DecodeError>> {
        let finish = match self.state.finish() {
            Err(error) => return Some(Err(error)),
            Ok(finish) => finish,
        };
        if finish.id_committed {
            self.last_event_id = EventId::trusted((&*self.state.saved.last_event_id).into());
        }
        if !finish.gives_out {
            return None;
        }
        let State {
            open, data, saved, ..
        } = &mut self.state;
        let open = mem::take(open);
        let event = Event {
            event: open
                .event_saved
                .then(|| EventType::trusted((&*saved.event).into())),
            data: open.data_gathered.then(|| data.take()),
            id: open.id_saved.then(|| self.last_event_id.clone()),
            retry: open.retry,
            comment: None,
        };
        Some(Ok(Received {
            event,
            last_event_id: self.last_event_id.clone(),
        }))
    }

    /// Decodes the rest of a stream in one go: all events, and the fatal error if there was one.
    ///
    /// Errors that are not fatal are left out; take the events one by one to see them.
    pub fn decode_all(mut self, stream: impl Into<Bytes>) -> (Vec<Received>, Option<DecodeError>) {
        self.push(stream);
        let mut events = Vec::new();
        while let Some(result) = self.next().or_else(|| {
            if self.state.status == Status::Ended {
                None
            } else {
                self.finish()
            }
        }) {
            match result {
                Ok(received) => events.push(received),
                Err(error) if error.is_fatal() => return (events, Some(error)),
                Err(_) => {}
            }
        }
        (events, None)
    }

    /// Prepares for a new connection: forgets the stream, keeps the last event ID and the reconnection time.
    pub fn reset(&mut self) {
        self.state.reset();
        self.waiting.clear();
        self.unload();
    }

    /// Sets the last event ID.
    pub fn set_last_event_id(&mut self, id: EventId) {
        self.state.set_last_event_id(id.as_str());
        self.last_event_id = id;
        self.id_in_chunk = false;
    }

    /// Returns the last event ID; empty if there is none. It survives every error.
    pub fn last_event_id(&self) -> &EventId {
        &self.last_event_id
    }

    /// Returns the last reconnection time that the stream has sent, as sent.
    pub fn reconnection_time(&self) -> Option<Retry> {
        self.state.retry
    }

    /// Returns the number of bytes of this stream that have been decoded.
    pub fn position(&self) -> u64 {
        self.state.chunk_offset + self.current.consumed() as u64
    }

    /// Returns the number of bytes that are held: those of an event or line that has not ended, and input not decoded yet.
    pub fn buffered(&self) -> usize {
        let waiting: usize = self.waiting.iter().map(Bytes::len).sum();
        self.state.buffered() + self.current.remaining() + waiting
    }

    /// Tells whether an event or a line has begun and not ended.
    pub fn in_event(&self) -> bool {
        self.state.in_event()
    }

    fn load(&mut self, mut chunk: Bytes) {
        let admitted = self.state.admit(&chunk);
        chunk.truncate(admitted.len);
        self.current
            .load(chunk, admitted.skip, |part| self.state.absorb(part));
    }

    /// Lets go of the chunk; a last event ID that lies in it is copied, so that it does not keep all of it in memory.
    fn unload(&mut self) {
        if self.id_in_chunk {
            self.last_event_id = self.last_event_id.detached();
            self.id_in_chunk = false;
        }
        self.current.unload();
    }

    fn next_of_many_lines(&mut self) -> Option<Result<Received, DecodeError>> {
        loop {
            let (scan, chunk) = self.current.scan();
            let mut walk = Walk::new(&mut self.state, scan);
            let step = walk.advance();
            if walk.id_committed {
                self.id_in_chunk = walk.last_id.is_some();
                self.last_event_id = EventId::trusted(match walk.last_id {
                    Some(id) => share(chunk, id),
                    None => (&*walk.state.saved.last_event_id).into(),
                });
            }
            match step {
                Step::Event => return received(&mut walk, chunk, &self.last_event_id),
                Step::Comment => return comment(&mut walk, chunk, &self.last_event_id),
                Step::Error => return walk.state.error.take().map(Err),
                Step::End => {
                    walk.pause();
                    self.state.leave(chunk, chunk.len());
                    self.unload();
                    let chunk = self.waiting.pop_front()?;
                    self.load(chunk);
                }
            }
        }
    }
}

/// Makes the event at whose blank line the walk stopped.
///
/// Nothing is called once the event is being put together: it is then written where it is returned, which saves a move
/// that would cost as much as the reference counts.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it is written where `next` returns it"
)]
#[inline(never)]
fn received(
    walk: &mut Walk<'_, '_>,
    chunk: &Bytes,
    last_event_id: &EventId,
) -> Option<Result<Received, DecodeError>> {
    let (block, open) = walk.take();
    let State { data, saved, .. } = &mut *walk.state;
    let data = match block.data {
        Some(text) => Some(share(chunk, text)),
        None if open.data_gathered => Some(data.take()),
        None => None,
    };
    let event = match block.event {
        Some(text) => Some(EventType::trusted(share(chunk, text))),
        None if open.event_saved => Some(EventType::trusted((&*saved.event).into())),
        None => None,
    };
    // The blank line has just made the block's id the last event ID.
    let id = if block.id.is_some() || open.id_saved {
        Some(last_event_id.share())
    } else {
        None
    };
    let last_event_id = last_event_id.share();
    Some(Ok(Received {
        event: Event {
            event,
            data,
            id,
            retry: open.retry,
            comment: None,
        },
        last_event_id,
    }))
}

/// Makes the comment after which the walk stopped.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it is written where `next` returns it"
)]
fn comment(
    walk: &mut Walk<'_, '_>,
    chunk: &Bytes,
    last_event_id: &EventId,
) -> Option<Result<Received, DecodeError>> {
    let comment = match walk.block.comment.take() {
        Some(text) => share(chunk, text),
        None => (&*walk.state.saved.comment).into(),
    };
    walk.pause();
    Some(Ok(Received {
        event: Event::from_comment(comment),
        last_event_id: last_event_id.share(),
    }))
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}
