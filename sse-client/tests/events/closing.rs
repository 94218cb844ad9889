use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Wake, Waker},
    time::Duration,
};

use futures_core::{FusedStream, Stream};
use sse_client::{ErrorKind, MemoryTransport, Reply, State};
use tokio::time::{Instant, sleep};

use crate::scene::source;

/// What an event source is doing when it is closed.
fn scenes() -> [MemoryTransport; 3] {
    [
        MemoryTransport::new().reply(Reply::silence()),
        MemoryTransport::new().reply(Reply::events().chunk(":\n").hang()),
        MemoryTransport::new().reply(Reply::events().chunk("retry: 3600000\n\n")),
    ]
}

#[tokio::test(start_paused = true)]
async fn closing_ends_it_whatever_it_is_doing() {
    for transport in scenes() {
        let mut events = source(&transport);
        let (closer, watch) = (events.closer(), events.state());
        let start = Instant::now();
        let reading = tokio::spawn(async move {
            let end = events.next().await;
            (end.is_none(), events.is_terminated())
        });
        sleep(Duration::from_secs(5)).await;
        assert!(!closer.is_closed());
        closer.close();
        assert_eq!(reading.await.unwrap(), (true, true));
        assert_eq!(start.elapsed(), Duration::from_secs(5));
        assert!(closer.is_closed());
        assert!(matches!(watch.current(), State::Closed));
        assert_eq!(transport.open_exchanges(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_cause_is_what_connect_returns() {
    for transport in scenes() {
        let mut events = source(&transport);
        let closer = events.closer();
        let connecting = tokio::spawn(async move { events.connect().await });
        sleep(Duration::from_secs(5)).await;
        closer.close_with("no longer needed");
        closer.close_with("too late");
        closer.close();
        let error = connecting.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
        assert_eq!(error.source().unwrap().to_string(), "no longer needed");
    }
}

#[tokio::test]
async fn one_that_was_closed_sends_nothing() {
    let transport = MemoryTransport::new();
    let mut events = source(&transport);
    events.closer().close_with("before");
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert!(events.next().await.is_none());
    assert!(transport.requests().is_empty());
}

#[tokio::test]
async fn a_closer_keeps_no_task_that_has_gone_on() {
    struct Task;

    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }

    for closed in [false, true] {
        let transport = MemoryTransport::new().reply(Reply::events().hang());
        let mut events = source(&transport);
        let closer = events.closer();
        let task = Arc::new(Task);
        let waker = Waker::from(Arc::clone(&task));
        let mut context = Context::from_waker(&waker);
        assert!(Pin::new(&mut events).poll_next(&mut context).is_pending());
        drop(waker);
        assert!(Arc::strong_count(&task) > 1);
        if closed {
            closer.close();
            assert!(events.next().await.is_none());
        } else {
            drop(events);
        }
        assert_eq!(Arc::strong_count(&task), 1);
    }
}

#[tokio::test]
async fn events_that_were_not_taken_are_dropped() {
    let transport = MemoryTransport::new().reply(Reply::events().chunk("data: a\n\ndata: b\n\n"));
    let mut events = source(&transport);
    events.next().await.unwrap().unwrap();
    events.closer().close();
    assert!(events.next().await.is_none());
}
