//! Our two levels.

use sse_core::{Decoder, DecoderOptions, Limits, SliceDecoder};

use crate::{
    chunks::Chunks,
    decoders::{Contender, Decode, Role},
    sink::{Sink, Tally},
};

pub(super) fn all() -> [Contender; 2] {
    [
        Contender::new::<Borrowed>("sse-core, borrowed", Role::Borrowed),
        Contender::new::<Owned>("sse-core, owned", Role::Owned),
    ]
}

/// Borrowed decoding without limits.
pub fn borrowed_unlimited(chunks: Chunks<'_>) -> Tally {
    let mut tally = Tally::default();
    borrowed(SliceDecoder::with_options(unlimited()), chunks, &mut tally);
    tally
}

/// Owned decoding without limits.
pub fn owned_unlimited(chunks: Chunks<'_>) -> Tally {
    let mut tally = Tally::default();
    owned(Decoder::with_options(unlimited()), chunks, &mut tally);
    tally
}

struct Borrowed;

impl Decode for Borrowed {
    fn decode(chunks: Chunks<'_>, sink: &mut impl Sink) {
        borrowed(SliceDecoder::new(), chunks, sink);
    }
}

struct Owned;

impl Decode for Owned {
    fn decode(chunks: Chunks<'_>, sink: &mut impl Sink) {
        owned(Decoder::new(), chunks, sink);
    }
}

#[inline]
fn borrowed(mut decoder: SliceDecoder, chunks: Chunks<'_>, sink: &mut impl Sink) {
    for chunk in chunks.slices() {
        let mut events = decoder.decode(chunk);
        while let Some(event) = events.next() {
            let event = event.expect("within the limits");
            sink.event(event.event_type(), event.data(), event.last_event_id());
        }
    }
}

#[inline]
fn owned(mut decoder: Decoder, chunks: Chunks<'_>, sink: &mut impl Sink) {
    for chunk in chunks.owned() {
        decoder.push(chunk);
        while let Some(event) = decoder.next() {
            let event = event.expect("within the limits");
            sink.event(
                event.event_type(),
                event.data(),
                event.last_event_id.as_str(),
            );
        }
    }
}

fn unlimited() -> DecoderOptions {
    DecoderOptions::new().limits(Limits::UNLIMITED)
}
