use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use sse_core::{EndReason, Event, EventStream, Shutdown};
use tokio::time::{Instant, sleep, timeout};
use tokio_stream::StreamExt;

use crate::probe::{Ends, OVER, PENDING, items, poll, script, sent};

type Item = Result<Event, &'static str>;

const LIMIT: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn an_error_before_the_first_event_is_returned() {
    let ends = Ends::default();
    let events: [Item; 2] = [Ok(Event::empty()), Err("no upstream")];
    let body = EventStream::new(items(events)).on_end(ends.handler());
    assert_eq!(body.await_first(LIMIT).await.unwrap_err(), "no upstream");
    ends.assert(EndReason::Error, 0);
}

#[tokio::test(start_paused = true)]
async fn the_first_event_is_kept_and_sent_first() {
    let (writer, stream) = script::<Item>();
    let ends = Ends::default();
    let body = EventStream::new(stream).on_end(ends.handler());
    tokio::spawn(async move {
        sleep(Duration::from_secs(3)).await;
        writer.write([Ok(Event::new("a")), Ok(Event::new("b")), Err("late")]);
        pending::<()>().await;
    });
    let start = Instant::now();
    let mut body = body.await_first(LIMIT).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 3);
    assert_eq!(
        body.next().await.unwrap().unwrap(),
        "data: a\n\ndata: b\n\n"
    );
    assert_eq!(body.next().await.unwrap().unwrap_err(), "late");
    ends.assert(EndReason::Error, 2);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_stays_silent_is_waited_for_no_longer_than_the_limit() {
    let (_writer, stream) = script::<Item>();
    let start = Instant::now();
    let mut body = EventStream::new(stream).await_first(LIMIT).await.unwrap();
    assert_eq!(start.elapsed(), LIMIT);
    assert_eq!(poll(&mut body, &Arc::default()), sent(":\n\n"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_is_not_waited_for() {
    let mut body = EventStream::new(tokio_stream::empty::<Item>())
        .await_first(LIMIT)
        .await
        .unwrap();
    assert_eq!(poll(&mut body, &Arc::default()), sent(":\n\n"));
    assert_eq!(poll(&mut body, &Arc::default()), OVER);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_the_wait() {
    let (_writer, stream) = script::<Item>();
    let shutdown = Shutdown::new();
    let ends = Ends::default();
    let body = EventStream::new(stream)
        .shutdown(shutdown.signal())
        .on_end(ends.handler());
    let first = tokio::spawn(body.await_first(Duration::MAX));
    shutdown.trigger();
    let mut body = first.await.unwrap().unwrap();
    assert_eq!(body.next().await, Some(Ok(":\n\n".into())));
    assert_eq!(body.next().await, None);
    ends.assert(EndReason::Shutdown, 0);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_cancelled_drops_the_stream_and_calls_on_end() {
    let (writer, stream) = script::<Item>();
    let ends = Ends::default();
    let body = EventStream::new(stream).on_end(ends.handler());
    timeout(Duration::from_secs(1), body.await_first(LIMIT))
        .await
        .unwrap_err();
    assert!(writer.is_dropped());
    ends.assert(EndReason::ClientGone, 0);
}

#[test]
fn without_a_runtime_the_wait_has_no_limit_and_no_panic() {
    let (writer, stream) = script::<Item>();
    let mut first = Box::pin(EventStream::new(stream).await_first(LIMIT));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(first.as_mut().poll(&mut cx).is_pending());
    writer.write([Ok(Event::new("a"))]);
    let std::task::Poll::Ready(Ok(mut body)) = first.as_mut().poll(&mut cx) else {
        panic!("still waiting");
    };
    assert_eq!(poll(&mut body, &Arc::default()), sent("data: a\n\n"));
    assert_eq!(poll(&mut body, &Arc::default()), PENDING);
}
