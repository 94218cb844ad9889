use std::sync::Arc;

use sse_core::{EndReason, Event, EventStream, OnError};

use crate::probe::{Ends, OVER, PENDING, Script, Writer, poll, script, sent};

type Item = Result<Event, &'static str>;

fn stage() -> (Writer<Item>, EventStream<Script<Item>>, Ends) {
    let (writer, stream) = script();
    let ends = Ends::default();
    (
        writer,
        EventStream::new(stream).on_end(ends.handler()),
        ends,
    )
}

#[test]
fn the_end_of_the_stream_ends_the_body_once_and_for_all() {
    let (writer, mut body, ends) = stage();
    let wakes = Arc::default();
    writer.write([Ok(Event::new("a")), Ok(Event::new("b"))]);
    writer.end();
    assert_eq!(poll(&mut body, &wakes), sent("data: a\n\ndata: b\n\n"));
    assert!(writer.is_dropped(), "the stream is dropped at its end");
    assert!(ends.is_empty());
    assert_eq!(poll(&mut body, &wakes), OVER);
    assert_eq!(poll(&mut body, &wakes), OVER);
    assert_eq!(writer.polls(), 3);
    drop(body);
    ends.assert(EndReason::Finished, 2);
}

#[test]
fn an_error_aborts_after_the_events_before_it() {
    let (writer, mut body, ends) = stage();
    let wakes = Arc::default();
    writer.write([Ok(Event::new("a")), Err("broken"), Ok(Event::new("never"))]);
    assert_eq!(poll(&mut body, &wakes), sent("data: a\n\n"));
    assert_eq!(
        poll(&mut body, &wakes),
        std::task::Poll::Pending,
        "so that the server writes the event before it drops the response"
    );
    assert_eq!(
        poll(&mut body, &wakes),
        std::task::Poll::Ready(Some(Err("broken")))
    );
    assert_eq!(poll(&mut body, &wakes), OVER);
    drop(body);
    ends.assert(EndReason::Error, 1);
}

#[test]
fn an_error_can_end_the_body_instead() {
    let (writer, body, ends) = stage();
    let mut body = body.on_error(OnError::End);
    let wakes = Arc::default();
    writer.write([Ok(Event::new("a")), Err("broken")]);
    assert_eq!(poll(&mut body, &wakes), sent("data: a\n\n"));
    assert_eq!(poll(&mut body, &wakes), OVER);
    ends.assert(EndReason::Error, 1);
}

#[test]
fn an_error_can_be_sent_as_an_event_that_is_counted() {
    let (writer, body, ends) = stage();
    let mut body = body.on_error(OnError::event(|error: &&str| Event::new(*error)));
    let wakes = Arc::default();
    writer.write([Ok(Event::new("a")), Err("broken\n")]);
    assert_eq!(poll(&mut body, &wakes), sent("data: a\n\n"));
    assert_eq!(poll(&mut body, &wakes), sent("data: broken\ndata: \n\n"));
    assert_eq!(poll(&mut body, &wakes), OVER);
    ends.assert(EndReason::Error, 2);
}

#[test]
fn an_error_event_that_encodes_to_nothing_is_no_frame() {
    let (writer, body, ends) = stage();
    let mut body = body.on_error(OnError::event(|_| Event::empty()));
    let wakes = Arc::default();
    writer.write([Err("broken")]);
    assert_eq!(poll(&mut body, &wakes), sent(":\n\n"));
    assert_eq!(poll(&mut body, &wakes), OVER);
    ends.assert(EndReason::Error, 0);
}

#[test]
fn a_body_that_is_dropped_tells_that_the_client_is_gone() {
    let (writer, mut body, ends) = stage();
    let wakes = Arc::default();
    writer.write([Ok(Event::new("a"))]);
    assert_eq!(poll(&mut body, &wakes), sent("data: a\n\n"));
    assert_eq!(poll(&mut body, &wakes), PENDING);
    drop(body);
    ends.assert(EndReason::ClientGone, 1);
    assert!(writer.is_dropped());
}

#[test]
fn a_body_that_is_never_polled_tells_so_too() {
    let (writer, body, ends) = stage();
    drop(body.boxed());
    ends.assert(EndReason::ClientGone, 0);
    assert_eq!(writer.polls(), 0);
}

#[test]
fn headers_only_drops_the_stream_without_a_poll() {
    let (writer, body, ends) = stage();
    let mut body = body.headers_only();
    assert!(writer.is_dropped());
    ends.assert(EndReason::ClientGone, 0);
    assert_eq!(poll(&mut body, &Arc::default()), OVER);
    assert_eq!(writer.polls(), 0);
    drop(body);
    ends.assert(EndReason::ClientGone, 0);
}

#[test]
fn the_stream_is_dropped_before_on_end_is_called() {
    let (writer, stream) = script::<Item>();
    let state = Arc::clone(&stream.state);
    let body = EventStream::new(stream).on_end(move |_| assert!(state.lock().unwrap().dropped));
    drop(body);
    assert!(writer.is_dropped());
}
