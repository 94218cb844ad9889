//! How often the codec asks for memory.

mod counting;

use sse_core::{Bytes, Decoder, EncodedEvent, Encoder, Event, SliceDecoder};

use crate::counting::{Count, Counting, count};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const EVENTS: usize = 100;

#[track_caller]
fn check_borrowed(stream: &str) {
    let mut decoder = SliceDecoder::new();
    let run = |decoder: &mut SliceDecoder| {
        let mut events = decoder.decode(stream.as_bytes());
        let mut number = 0;
        while let Some(event) = events.next() {
            number += usize::from(event.expect("no limit is near").has_data());
        }
        number
    };
    // Buffers reach their size, and vector instructions are chosen.
    run(&mut decoder);
    let (Count { allocations, .. }, number) = count(|| run(&mut decoder));
    assert_eq!(
        (allocations, number),
        (0, EVENTS),
        "{:?}",
        &stream[..stream.len() / EVENTS]
    );
}

#[test]
fn borrowed_events_cost_no_allocation() {
    check_borrowed(&"data: one line\n\n".repeat(EVENTS));
    check_borrowed(&"event: delta\nid: 42\nretry: 1000\ndata: é 日本 🦀\n\n".repeat(EVENTS));
    check_borrowed(&": comment\r\nunknown: x\r\ndata\r\n\r\n".repeat(EVENTS));
    // Several lines are joined in a buffer that is used again.
    check_borrowed(&"data: a\ndata: b\n\n".repeat(EVENTS));
}

#[track_caller]
fn check_owned(stream: &str, most: usize) {
    let mut decoder = Decoder::new();
    let chunks = [(); 3].map(|()| Bytes::from(stream.to_owned()));
    let mut kept = Vec::with_capacity(EVENTS);
    for (at, chunk) in chunks.into_iter().enumerate() {
        kept.clear();
        let (Count { allocations, .. }, ()) = count(|| {
            decoder.push(chunk);
            while let Some(received) = decoder.next() {
                kept.push(received.expect("no limit is near"));
            }
        });
        assert_eq!(kept.len(), EVENTS);
        // The first chunk is the warm-up.
        assert!(
            at == 0 || allocations <= most,
            "{allocations} allocations for chunk {at}"
        );
    }
}

#[test]
fn owned_events_of_one_line_cost_at_most_one_allocation_a_chunk() {
    check_owned(&"data: one line\n\n".repeat(EVENTS), 1);
    check_owned(
        &"event: delta\nretry: 1000\ndata: é 日本 🦀\n\n".repeat(EVENTS),
        1,
    );
    check_owned(&": comment\r\nunknown: x\r\ndata\r\n\r\n".repeat(EVENTS), 1);
}

#[test]
fn the_last_id_of_a_chunk_costs_one_allocation_more() {
    check_owned(&"id: 42\ndata: x\n\n".repeat(EVENTS), 2);
}

#[test]
fn encoding_costs_one_allocation_the_first_clone_one_more_and_every_further_one_none() {
    let events = [
        Event::new("one line"),
        Event::new("three\nlines\r\nhere")
            .event(sse_core::EventType::from_static("t"))
            .id(7)
            .retry(5_u8),
        Event::from_comment("note"),
    ];
    for event in events {
        let (first, encoded) = count(|| event.encode());
        assert_eq!(
            (first.allocations, first.bytes),
            (1, encoded.len()),
            "{event}"
        );
        let (clone, copy) = count(|| encoded.clone());
        assert!(clone.allocations <= 1, "{event}: {clone:?}");
        let (further, copies) =
            count(|| [copy.clone(), encoded.clone()].map(EncodedEvent::into_bytes));
        assert_eq!(
            (further.allocations, copies[0].len()),
            (0, encoded.len()),
            "{event}"
        );
        let (length, _) = count(|| event.encoded_len());
        assert_eq!(length.allocations, 0);
    }
}

#[test]
fn a_buffer_that_is_large_enough_costs_none() {
    let event = Event::new("two\nlines").id(u64::MAX);
    let mut buffer = Vec::with_capacity(1000);
    let (into_buffer, ()) = count(|| Encoder::new().encode_into(&event, &mut buffer));
    assert_eq!(
        (into_buffer.allocations, buffer.len()),
        (0, event.encoded_len())
    );
}
