//! Events from iterators and readers, and back.

use std::{cell::RefCell, convert::Infallible, num::NonZeroUsize, rc::Rc, slice::Chunks};

use proptest::{collection::vec, prelude::*};
use sse_core::{
    Bytes, DecodeErrorKind, Decoder, DecoderOptions, EncodedBatch, Encoder, Event, EventId,
    EventsError, IteratorExt as _, Limit, Limits, LineEnd, Received,
};

fn chunks(wire: &'static str, size: usize) -> Chunks<'static, u8> {
    wire.as_bytes().chunks(size)
}

/// What the adaptor gave, shortened: data or message.
fn said<E: std::fmt::Display>(
    items: impl IntoIterator<Item = Result<Received, EventsError<E>>>,
) -> Vec<String> {
    items
        .into_iter()
        .map(|item| item.map_or_else(|error| error.to_string(), |it| it.data().to_owned()))
        .collect()
}

const STREAM: &str =
    "id: 1\ndata: a\n\n: note\n\nevent: done\ndata: b\n\ndata: [DONE]\n\ndata: c\n\ndata: cut";
const MISSING: &str = "event stream must not end before its end marker";

#[test]
fn chunks_of_any_kind_become_events() {
    assert_eq!(said(vec!["data: a\n", "\n"].into_iter().events()), ["a"]);
    assert_eq!(
        said(vec![String::from("data: a\n\n")].into_iter().events()),
        ["a"]
    );
    assert_eq!(
        said(vec![b"data: a\n\n".to_vec()].into_iter().events()),
        ["a"]
    );
    assert_eq!(
        said(
            vec![Bytes::from("data: a\n\n"), Bytes::new()]
                .into_iter()
                .events()
        ),
        ["a"]
    );
    assert_eq!(said(std::iter::empty::<Bytes>().events()), [""; 0]);
    for size in 1..20 {
        assert_eq!(
            said(chunks(STREAM, size).events()),
            ["a", "b", "[DONE]", "c"]
        );
    }
}

#[test]
fn a_marker_ends_the_events_and_is_not_given_out() {
    for size in 1..20 {
        assert_eq!(
            said(chunks(STREAM, size).events().until("[DONE]").require_end()),
            ["a", "b"]
        );
        assert_eq!(
            said(
                chunks(STREAM, size)
                    .events()
                    .until_event("done")
                    .require_end()
            ),
            ["a", "b"]
        );
        assert_eq!(
            said(
                chunks(STREAM, size)
                    .events()
                    .until("[DONE]")
                    .until_event("done")
            ),
            ["a", "b"]
        );
        assert_eq!(said(chunks(STREAM, size).events().until("b")), ["a"]);
        assert_eq!(
            said(chunks(STREAM, size).events().until_event("message")),
            ["a"]
        );
    }
}

#[test]
fn an_end_without_the_required_marker_is_the_last_item() {
    assert_eq!(
        said(chunks(STREAM, 7).events().until("END")),
        ["a", "b", "[DONE]", "c"]
    );
    assert_eq!(
        said(chunks(STREAM, 7).events().until("END").require_end()),
        ["a", "b", "[DONE]", "c", MISSING]
    );
    let tail = DecoderOptions::new().dispatch_unterminated();
    assert_eq!(
        said(
            chunks(STREAM, 7)
                .events_with(tail)
                .until("cut")
                .require_end()
        ),
        ["a", "b", "[DONE]", "c"]
    );
    let both = said(
        chunks(STREAM, 7)
            .events_with(tail)
            .until("END")
            .require_end(),
    );
    assert_eq!(both, ["a", "b", "[DONE]", "c", "cut", MISSING]);
    assert_eq!(
        said(std::iter::empty::<Bytes>().events().require_end()),
        [MISSING]
    );
}

#[test]
fn a_comment_is_no_marker() {
    let options = DecoderOptions::new().comments().dataless_blocks();
    let wire = ": [DONE]\n\nevent: done\n\ndata: x\n\n";
    let items = chunks(wire, 3)
        .events_with(options)
        .until("[DONE]")
        .until_event("done");
    assert_eq!(said(items), ["", "", "x"]);
}

#[test]
fn events_before_an_error_come_and_nothing_after_a_fatal_one() {
    let limits = Limits::UNLIMITED.with(Limit::Line, NonZeroUsize::new(9).unwrap());
    let wire = "data: a\n\ndata: toolong\n\ndata: b\n\n";
    for size in 1..wire.len() {
        let options = DecoderOptions::new().limits(limits);
        let mut events = chunks(wire, size).events_with(options);
        assert_eq!(events.next().unwrap().unwrap().data(), "a");
        let EventsError::Decode(error) = events.next().unwrap().unwrap_err() else {
            panic!("no decode error")
        };
        assert_eq!(error.kind(), DecodeErrorKind::TooLarge(Limit::Line));
        assert!(events.next().is_none() && events.next().is_none());

        let items: Vec<_> = chunks(wire, size)
            .events_with(options.skip_oversized())
            .collect();
        assert!(
            matches!(&items[..], [Ok(_), Err(error), Ok(_)] if !error.is_fatal()),
            "{items:?}"
        );
    }
}

#[test]
fn the_source_is_asked_only_when_no_event_is_left() {
    let asked = Rc::new(RefCell::new(0));
    let counter = Rc::clone(&asked);
    let source = chunks("data: a\n\ndata: b\n\ndata: c\n\n", 18)
        .inspect(move |_| *counter.borrow_mut() += 1);
    let mut events = source.events().until("c");
    assert_eq!(events.by_ref().take(2).count(), 2);
    assert_eq!(*asked.borrow(), 1);
    assert!(events.next().is_none());
    assert_eq!(*asked.borrow(), 2);
}

#[test]
fn source_decoder_and_last_event_id_stay_reachable() {
    let mut events = chunks("id: 1\ndata: a\n\nid: 2\ndata: b\n\ndata: c\n\n", 100).events();
    assert_eq!(events.next().unwrap().unwrap().last_event_id, "1");
    assert_eq!(events.last_event_id(), &"1");
    assert_eq!(events.decoder().position(), 15);
    assert_eq!(events.get_ref().len(), 0);
    let (_, mut decoder) = events.into_parts();
    assert_eq!(decoder.next().unwrap().unwrap().data(), "b");

    let resumed: Vec<_> = ["data: x\n\n"]
        .into_iter()
        .events_from(Decoder::resume(EventId::from(7)))
        .collect();
    assert_eq!(resumed[0].as_ref().unwrap().last_event_id, "7");
}

#[test]
fn a_long_run_of_chunks_without_events_is_no_recursion() {
    let source = std::iter::repeat_n("\n", 1_000_000).chain(["data: x\n\n"]);
    assert_eq!(said(source.events()), ["x"]);
}

#[test]
fn events_become_wire_bytes_and_results_stay_results() {
    let events = [Event::new("a"), Event::empty(), Event::new("b").id(1)];
    assert_eq!(
        events.iter().encoded().collect::<Vec<_>>(),
        ["data: a\n\n", "id: 1\ndata: b\n\n"]
    );
    let crlf = Encoder::new().line_end(LineEnd::CrLf);
    assert_eq!(
        events.iter().encoded().encoder(crlf).next().unwrap(),
        "data: a\r\n\r\n"
    );
    let encoded = events.clone().map(|event| event.encode());
    let batch: EncodedBatch = encoded.iter().cloned().collect();
    assert_eq!(
        [batch].into_iter().encoded().next().unwrap(),
        "data: a\n\nid: 1\ndata: b\n\n"
    );
    assert_eq!(encoded.into_iter().encoded().count(), 2);
    let results = [Ok(Event::new("a")), Err("broken"), Ok(Event::empty())];
    let wire: Vec<Result<Bytes, &str>> = results.into_iter().encoded().collect();
    assert_eq!(wire, [Ok(Bytes::from("data: a\n\n")), Err("broken")]);
}

proptest! {
    #[test]
    fn encoded_and_decoded_is_the_same(parts in vec("[a-z\n]{0,9}", 0..40)) {
        let events: Vec<Event> = parts.into_iter().map(Event::new).collect();
        let back: Result<Vec<Event>, EventsError<Infallible>> =
            events.iter().encoded().events().map(|item| item.map(Event::from)).collect();
        prop_assert_eq!(back.unwrap(), events);
    }
}
