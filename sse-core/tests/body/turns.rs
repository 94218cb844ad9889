use std::cell::Cell;
use std::future::poll_fn;
use std::iter::repeat_with;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use sse_core::{Event, EventStream};
use tokio_stream::{Stream, StreamExt};

use crate::probe::{PENDING, Wakes, items, poll, script, sent, sized};

type Item = Result<Event, &'static str>;

/// Reads a body without end until another task on the same thread had its turn.
async fn check(item: impl FnMut() -> Event + Unpin) {
    let turn = Cell::new(false);
    let read = async {
        let mut body = EventStream::new(items(repeat_with(item)));
        while !turn.get() {
            body.next().await;
        }
    };
    tokio::join!(biased; read, async { turn.set(true) });
}

#[tokio::test]
async fn a_stream_that_is_never_pending_lets_other_tasks_have_their_turn() {
    check(|| Event::new("small")).await;
    check(|| Event::new("x".repeat(5000))).await;
}

#[tokio::test]
async fn events_that_encode_to_nothing_let_other_tasks_have_their_turn() {
    let turn = Cell::new(false);
    let events = repeat_with(|| {
        if turn.get() {
            Event::new("end")
        } else {
            Event::empty()
        }
    });
    let read = async {
        let mut body = EventStream::new(items(events));
        assert!(
            body.next()
                .await
                .unwrap()
                .unwrap()
                .starts_with(b"data: end")
        );
    };
    tokio::join!(biased; read, async { turn.set(true) });
}

#[test]
fn without_a_runtime_a_stream_that_is_never_pending_pauses_and_asks_to_be_polled_again() {
    let wakes: Arc<Wakes> = Arc::default();
    let event = sized(5000);
    let mut body = EventStream::new(items(repeat_with(|| event.clone())));
    for _ in 0..3 {
        let frames = repeat_with(|| poll(&mut body, &wakes))
            .take_while(Poll::is_ready)
            .count();
        assert_eq!(frames, 128);
        assert_eq!(wakes.take(), 1);
    }
}

#[test]
fn without_a_runtime_events_that_encode_to_nothing_pause_and_ask_to_be_polled_again() {
    let wakes: Arc<Wakes> = Arc::default();
    let mut body = EventStream::new(items(repeat_with(Event::empty)));
    for _ in 0..3 {
        assert!(poll(&mut body, &wakes).is_pending());
        assert_eq!(wakes.take(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_is_not_woken_by_the_body() {
    let wakes: Arc<Wakes> = Arc::default();
    let (writer, stream) = script::<Item>();
    let mut body = EventStream::new(stream);
    assert_eq!(poll(&mut body, &wakes), sent(":\n\n"));
    for _ in 0..1000 {
        assert_eq!(poll(&mut body, &wakes), PENDING);
    }
    assert_eq!(wakes.take(), 0);
    assert_eq!(
        writer.polls(),
        1001,
        "one poll of the stream a poll of the body"
    );
    writer.write([Ok(Event::new("a"))]);
    assert_eq!(wakes.take(), 1);
    assert_eq!(poll(&mut body, &wakes), sent("data: a\n\n"));
    assert_eq!(wakes.take(), 0);
}

#[tokio::test]
async fn small_events_use_up_a_turn_as_large_ones_do() {
    let taken = Cell::new(0);
    let events = repeat_with(|| {
        taken.set(taken.get() + 1);
        Event::new("x")
    });
    let mut body = EventStream::new(items(events));
    poll_fn(|cx| {
        while Pin::new(&mut body).poll_next(cx).is_ready() {}
        Poll::Ready(())
    })
    .await;
    assert!((1000..10_000).contains(&taken.get()), "{}", taken.get());
}
