use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use sse_core::{EncodedBatch, EncodedEvent, EndReason, Event, EventStream};

use crate::probe::{Ends, OVER, PENDING, Wakes, frames, items, poll, script, sent, sized};

#[track_caller]
fn check(lens: &[usize], expected: &[usize]) {
    let events: Vec<EncodedEvent> = lens.iter().map(|len| sized(*len)).collect();
    let frames = frames(EventStream::new(items(events.clone())));
    let lens: Vec<usize> = frames.iter().map(Bytes::len).collect();
    assert_eq!(lens, expected);
    let whole: Vec<u8> = events
        .iter()
        .flat_map(|event| event.as_bytes().to_vec())
        .collect();
    assert_eq!(
        frames.concat(),
        whole,
        "the events are sent in order, to the byte"
    );
}

#[test]
fn events_that_are_ready_share_a_frame_of_at_most_16_kib() {
    check(&[10], &[10]);
    check(&[10, 20, 30], &[60]);
    check(&[4000, 4000, 4000, 4000, 384], &[16384]);
    check(&[4000, 4000, 4000, 4000, 385], &[16000, 385]);
    check(&[4000, 4000, 4000, 4000, 384, 9], &[16384, 9]);
    check(&[4095; 5], &[16380, 4095]);
    check(&[9; 2000], &[16380, 1620]);
}

#[test]
fn an_event_of_4_kib_or_more_is_a_frame_of_its_own() {
    check(&[4095, 9], &[4104]);
    check(&[4096, 9], &[4096, 9]);
    check(&[9, 4096, 9], &[9, 4096, 9]);
    check(&[9, 9, 4096, 9, 9], &[18, 4096, 18]);
    check(&[100_000, 4096], &[100_000, 4096]);
}

#[test]
fn what_is_sent_alone_is_not_copied() {
    let (writer, stream) = script();
    let mut body = EventStream::new(stream);
    let wakes = Arc::default();
    let alone = sized(20);
    writer.write([alone.clone()]);
    let Poll::Ready(Some(Ok(frame))) = poll(&mut body, &wakes) else {
        panic!("nothing is sent");
    };
    assert_eq!(frame.as_ptr(), alone.as_bytes().as_ptr());

    let [small, large] = [sized(20), sized(4096)];
    let sent = frames(EventStream::new(items([small.clone(), large.clone()])));
    assert_eq!(sent[0].as_ptr(), small.as_bytes().as_ptr());
    assert_eq!(sent[1].as_ptr(), large.as_bytes().as_ptr());
}

#[test]
fn a_batch_is_a_frame_of_its_own_and_counts_its_events() {
    let batch: EncodedBatch = [sized(10), sized(11), sized(12)].into_iter().collect();
    let events = [
        EncodedBatch::from(sized(9)),
        batch.clone(),
        EncodedBatch::from(sized(9)),
    ];
    let ends = Ends::default();
    let body = EventStream::new(items(events)).on_end(ends.handler());
    let frames = frames(body);
    assert_eq!(
        frames.iter().map(Bytes::len).collect::<Vec<_>>(),
        [9, 33, 9]
    );
    assert_eq!(frames[1].as_ptr(), batch.as_bytes().as_ptr());
    ends.assert(EndReason::Finished, 5);
}

#[test]
fn what_encodes_to_nothing_is_neither_sent_nor_counted() {
    let ends = Ends::default();
    let events = [
        Event::empty(),
        Event::new("a"),
        Event::empty(),
        Event::new("b"),
        Event::empty(),
    ];
    let frames = frames(EventStream::new(items(events)).on_end(ends.handler()));
    assert_eq!(frames, ["data: a\n\ndata: b\n\n"]);
    ends.assert(EndReason::Finished, 2);

    let empty: EncodedBatch = [].into_iter().collect();
    assert_eq!(self::frames(EventStream::new(items([empty]))), [":\n\n"]);
}

#[test]
fn the_body_opens_with_a_comment_unless_an_event_is_ready() {
    let wakes: Arc<Wakes> = Arc::default();
    let (writer, stream) = script::<Result<Event, &str>>();
    let mut body = EventStream::new(stream);
    assert_eq!(poll(&mut body, &wakes), sent(":\n\n"));
    assert_eq!(poll(&mut body, &wakes), PENDING);
    writer.write([Ok(Event::new("a"))]);
    assert_eq!(poll(&mut body, &wakes), sent("data: a\n\n"));

    let (writer, stream) = script::<Result<Event, &str>>();
    writer.write([Ok(Event::new("a"))]);
    let mut body = EventStream::new(stream).opening("welcome");
    assert_eq!(poll(&mut body, &wakes), sent("data: a\n\n"));
    assert_eq!(poll(&mut body, &wakes), PENDING);

    let (writer, stream) = script::<Result<Event, &str>>();
    writer.end();
    let mut body = EventStream::new(stream).opening("wel\ncome");
    assert_eq!(poll(&mut body, &wakes), sent(": wel\n: come\n\n"));
    assert_eq!(poll(&mut body, &wakes), OVER);
    assert_eq!(poll(&mut body, &wakes), OVER);
}

#[tokio::test]
async fn as_a_body_it_has_the_same_frames_and_no_known_length() {
    let events = || items([Event::new("a"), Event::new("b")]);
    let mut body = EventStream::new(events());
    assert!(!body.is_end_stream());
    assert_eq!(body.size_hint().exact(), None);
    let frame = body.frame().await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), "data: a\n\ndata: b\n\n");
    assert!(body.frame().await.is_none());
    assert!(body.is_end_stream());
}

#[test]
fn a_lazy_stream_is_made_at_the_first_poll() {
    let (writer, stream) = script::<Result<Event, &str>>();
    let made = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&made);
    let mut body = EventStream::lazy(move || {
        made.store(true, Ordering::SeqCst);
        stream
    });
    assert!(!seen.load(Ordering::SeqCst));
    assert_eq!(poll(&mut body, &Arc::default()), sent(":\n\n"));
    assert!(seen.load(Ordering::SeqCst));
    assert_eq!(writer.polls(), 1);

    let never = || -> tokio_stream::Empty<Event> { panic!("made") };
    drop(EventStream::lazy(never));
}

#[test]
fn all_kinds_of_items_are_sent() {
    let event = Event::new("a");
    let wire = ["data: a\n\n"];
    assert_eq!(
        frames(EventStream::new(tokio_stream::once(event.clone()))),
        wire
    );
    assert_eq!(
        frames(EventStream::new(tokio_stream::once(event.encode()))),
        wire
    );
    let batch = EncodedBatch::from(event.encode());
    assert_eq!(
        frames(EventStream::new(tokio_stream::once(batch.clone()))),
        wire
    );
    let result = |item| Ok::<_, std::convert::Infallible>(item);
    assert_eq!(
        frames(EventStream::new(tokio_stream::once(result(batch)))),
        wire
    );
}

const fn assert_send<T: Send>() {}
const fn assert_unpin<T: Unpin>() {}
const _: () = assert_send::<EventStream<tokio_stream::Empty<Result<Event, String>>>>();
const _: () = assert_unpin::<EventStream<tokio_stream::Empty<Event>>>();
const _: () = assert_send::<EventStream<sse_core::BoxStream<EncodedEvent>>>();
