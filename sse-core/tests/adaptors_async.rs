//! Events from streams and bodies, and back.
#![cfg(feature = "stream")]

use std::{
    collections::VecDeque,
    error::Error,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use bytes::Buf;
use futures_core::{FusedStream, Stream};
use http_body::{Body, Frame};
use sse_core::{BodyExt as _, Bytes, DecoderOptions, Event, EventsError, Received, StreamExt as _};

/// A stream that is ready with each of its items and pending at each `None`.
struct Script<T>(VecDeque<Option<T>>);

impl<T> Script<T> {
    fn new(items: impl IntoIterator<Item = Option<T>>) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: Unpin> Stream for Script<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        match self.0.pop_front() {
            Some(None) => Poll::Pending,
            Some(item) => Poll::Ready(item),
            None => Poll::Ready(None),
        }
    }
}

fn bytes(items: &[&'static str]) -> Script<Result<Bytes, io::Error>> {
    let pending =
        |text: &&'static str| (*text != "PENDING").then(|| Ok(Bytes::from_static(text.as_bytes())));
    Script::new(items.iter().map(pending))
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Polls until the end and says what came: data, message or `pending`.
fn polled<E: std::fmt::Display>(
    stream: impl Stream<Item = Result<Received, EventsError<E>>>,
) -> Vec<String> {
    let mut stream = std::pin::pin!(stream);
    let mut said = Vec::new();
    loop {
        match stream
            .as_mut()
            .poll_next(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Pending => said.push("pending".to_owned()),
            Poll::Ready(None) => return said,
            Poll::Ready(Some(Ok(received))) => said.push(received.data().to_owned()),
            Poll::Ready(Some(Err(error))) => said.push(error.to_string()),
        }
    }
}

fn now<F: Future>(future: F) -> F::Output {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("pending"),
    }
}

#[test]
fn chunks_of_any_kind_become_events() {
    let text = Script::new([Some(Ok::<_, io::Error>("data: a\n")), Some(Ok("\n"))]);
    assert_eq!(polled(text.events()), ["a"]);
    let vecs = Script::new([Some(Ok::<_, io::Error>(b"data: a\n\n".to_vec()))]);
    assert_eq!(polled(vecs.events()), ["a"]);
    assert_eq!(
        polled(bytes(&["data: a\n\ndata: b", "PENDING", "\n\n", "", "data: cut"]).events()),
        ["a", "pending", "b"]
    );
}

#[test]
fn a_marker_ends_the_stream_and_its_absence_is_an_error() {
    let source = || bytes(&["data: a\n\ndata: [DO", "NE]\n\n", "data: b\n\n"]);
    assert_eq!(
        polled(source().events().until("[DONE]").require_end()),
        ["a"]
    );
    let missing = "event stream must not end before its end marker";
    assert_eq!(
        polled(source().events().until("END").require_end()),
        ["a", "[DONE]", "b", missing]
    );
    let typed = bytes(&["event: delta\ndata: a\n\nevent: message_stop\ndata: {}\n\ndata: b\n\n"]);
    assert_eq!(
        polled(typed.events().until_event("message_stop").require_end()),
        ["a", "{}"]
    );
}

#[test]
fn a_transport_error_comes_after_the_events_before_it_and_is_the_last_item() {
    let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
    let source = Script::new([
        Some(Ok("data: a\n\ndata: b\n\ndata: c\n")),
        Some(Err(reset())),
        Some(Ok("\n")),
    ]);
    let mut events = source
        .events_with(DecoderOptions::new().dispatch_unterminated())
        .until("[DONE]")
        .require_end();
    assert_eq!(now(events.next()).unwrap().unwrap().data(), "a");
    assert_eq!(now(events.next()).unwrap().unwrap().data(), "b");
    let error = now(events.next()).unwrap().unwrap_err();
    assert!(error.is_fatal() && matches!(error, EventsError::Transport(_)));
    assert_eq!(error.to_string(), reset().to_string());
    assert!(Error::source(&error).is_none());
    assert!(events.is_terminated());
    assert!(now(events.next()).is_none() && now(events.next()).is_none());
}

#[test]
fn nothing_is_lost_when_a_wait_is_dropped() {
    let mut events = bytes(&["id: 4\ndata: a", "PENDING", "\n\n"]).events();
    {
        let wait = std::pin::pin!(events.next());
        assert!(
            wait.poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
    }
    assert!(events.decoder().in_event());
    assert_eq!(now(events.next()).unwrap().unwrap().data(), "a");
    assert_eq!(events.last_event_id(), &"4");
}

#[test]
fn a_flood_without_events_yields_to_the_executor_and_wakes() {
    let count = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&count));
    let flood = std::iter::repeat_with(|| Some(Ok::<_, io::Error>(": x\n")))
        .take(1000)
        .chain([Some(Ok("data: a\n\n"))]);
    let mut events = Script::new(flood).events();
    let mut polls = 0;
    while Pin::new(&mut events)
        .poll_next(&mut Context::from_waker(&waker))
        .is_pending()
    {
        polls += 1;
        assert_eq!(count.0.load(Ordering::Relaxed), polls);
    }
    assert!((10..30).contains(&polls), "{polls}");
}

#[test]
fn a_pending_source_registers_its_own_waker_and_is_not_polled_in_a_loop() {
    let count = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&count));
    let mut events = bytes(&["data", "PENDING", ": a\n\n"]).events();
    assert!(
        Pin::new(&mut events)
            .poll_next(&mut Context::from_waker(&waker))
            .is_pending()
    );
    assert_eq!(
        (count.0.load(Ordering::Relaxed), events.get_ref().0.len()),
        (0, 1)
    );
}

/// A body whose data is not in one piece, with trailers.
struct Parts(VecDeque<&'static str>);

#[expect(
    clippy::default_trait_access,
    reason = "the crate of the trailers' type is no dependency"
)]
impl Body for Parts {
    type Data = bytes::buf::Chain<&'static [u8], &'static [u8]>;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, io::Error>>> {
        Poll::Ready(self.0.pop_front().map(|part| match part {
            "TRAILERS" => Ok(Frame::trailers(Default::default())),
            "ERROR" => Err(io::Error::from(io::ErrorKind::BrokenPipe)),
            part => {
                let (head, tail) = part.as_bytes().split_at(part.len() / 2);
                Ok(Frame::data(head.chain(tail)))
            }
        }))
    }
}

#[test]
fn a_body_becomes_events_and_its_trailers_are_ignored() {
    let body = |parts: &[&'static str]| Parts(parts.iter().copied().collect());
    assert_eq!(
        polled(body(&["data: hel", "lo\n\n", "data: cut", "TRAILERS"]).events()),
        ["hello"]
    );
    assert_eq!(
        polled(body(&["data: a\n\n", "ERROR", "data: b\n\n"]).events()),
        ["a", "broken pipe"]
    );
    let mut events = body(&["data: a\n\ndata: [DONE]\n\n", "ERROR"])
        .events()
        .until("[DONE]")
        .require_end();
    assert_eq!(now(events.next()).unwrap().unwrap().data(), "a");
    assert!(now(events.next()).is_none() && events.is_terminated());
}

fn encoded<S: Stream<Item = Bytes>>(stream: S) -> Vec<Option<Bytes>> {
    let mut stream = std::pin::pin!(stream);
    let mut said = Vec::new();
    loop {
        match stream
            .as_mut()
            .poll_next(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(None) => return said,
            Poll::Pending => said.push(None),
            Poll::Ready(wire) => said.push(wire),
        }
    }
}

fn events(items: &[&'static str]) -> Script<Event> {
    Script::new(items.iter().map(|text| match *text {
        "PENDING" => None,
        "" => Some(Event::empty()),
        text => Some(Event::new(text)),
    }))
}

#[test]
fn each_event_comes_alone_unless_coalesced() {
    let items = ["a", "", "b", "PENDING", "c"];
    let wire = |texts: &[&'static str]| -> Vec<Option<Bytes>> {
        texts
            .iter()
            .map(|text| (!text.is_empty()).then(|| Bytes::from_static(text.as_bytes())))
            .collect()
    };
    assert_eq!(
        encoded(events(&items).encoded()),
        wire(&["data: a\n\n", "data: b\n\n", "", "data: c\n\n"])
    );
    let joined = wire(&["data: a\n\ndata: b\n\n", "data: c\n\n"]);
    assert_eq!(encoded(events(&items).encoded().coalesce(100)), joined);
    assert_eq!(
        encoded(events(&["a", "b", "c"]).encoded().coalesce(18)),
        joined
    );
    let large = wire(&["data: 0123456789012345678\n\n", "data: b\n\n"]);
    assert_eq!(
        encoded(events(&["0123456789012345678", "b"]).encoded().coalesce(18)),
        large
    );
}

#[test]
fn an_error_keeps_its_place_among_coalesced_events() {
    let items = [
        Some(Ok(Event::new("a"))),
        Some(Ok(Event::new("b"))),
        Some(Err("broken")),
        Some(Ok(Event::new("c"))),
    ];
    let mut stream = Script::new(items).encoded().coalesce(100);
    let mut next = || match Pin::new(&mut stream).poll_next(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(item) => item,
        Poll::Pending => panic!("pending"),
    };
    assert_eq!(next(), Some(Ok(Bytes::from("data: a\n\ndata: b\n\n"))));
    assert_eq!(next(), Some(Err("broken")));
    assert_eq!(next(), Some(Ok(Bytes::from("data: c\n\n"))));
    assert_eq!((next(), next()), (None, None));
}
