use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};

use futures_core::Stream;
use http::StatusCode;
use sse_client::{ErrorKind, MemoryTransport, Reply, State, StateWatch};
use tokio::time::Instant;
use tokio_stream::StreamExt as _;

use crate::scene::{exact, source};

fn name(state: &State) -> String {
    match state {
        State::Connecting => "connecting".to_owned(),
        State::Open => "open".to_owned(),
        State::Waiting { delay, cause, .. } => {
            format!("waiting {} ms: {cause}", delay.as_millis())
        }
        State::Closed => "closed".to_owned(),
        other => format!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn another_task_sees_every_state_that_lasts() {
    let transport = MemoryTransport::new()
        .reply(Reply::refused("refused").after(Duration::from_millis(5)))
        .reply(Reply::status(StatusCode::BAD_GATEWAY).after(Duration::from_millis(5)))
        .reply(
            Reply::events()
                .after(Duration::from_millis(5))
                .pause(Duration::from_secs(1)),
        );
    let mut events = source(&transport).backoff(exact());
    let watch = events.state();
    let watching = tokio::spawn(watch.map(|state| name(&state)).collect::<Vec<_>>());
    assert!(events.next().await.is_none());
    assert_eq!(
        watching.await.unwrap(),
        [
            "connecting",
            "waiting 1000 ms: connection failed",
            "connecting",
            "waiting 2000 ms: status must be 200, and is 502 Bad Gateway",
            "connecting",
            "open",
            "waiting 4000 ms: response has ended",
            "closed",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_watch_outlives_its_event_source() {
    let events = source(&MemoryTransport::new());
    let mut watch = events.state();
    let mut late = watch.clone();
    assert!(matches!(watch.current(), State::Connecting));
    drop(events);
    assert!(matches!(watch.current(), State::Closed));
    assert!(matches!(watch.changed().await, Some(State::Closed)));
    assert!(watch.changed().await.is_none());
    assert!(matches!(late.next().await, Some(State::Closed)));
    assert!(late.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_connection_is_gone_while_it_waits() {
    let transport = MemoryTransport::new().reply(Reply::events().error("reset"));
    let mut events = source(&transport).backoff(exact());
    let mut watch = events.state();
    let start = Instant::now();
    let reading = tokio::spawn(async move { events.next().await.is_none() });
    loop {
        if let Some(State::Waiting { delay, cause, .. }) = watch.changed().await {
            assert_eq!(delay, Duration::from_secs(1));
            assert_eq!(cause.kind(), ErrorKind::Transport);
            break;
        }
    }
    assert_eq!(transport.open_exchanges(), 0);
    assert!(reading.await.unwrap());
    assert_eq!(start.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_comes_after_the_end_sees_it() {
    let mut events = source(&MemoryTransport::new());
    assert!(events.next().await.is_none());
    let mut watch = events.state();
    let seen = tokio::time::timeout(Duration::from_secs(1), watch.changed()).await;
    assert!(matches!(seen.unwrap(), Some(State::Closed)));
    assert!(watch.changed().await.is_none());
}

#[tokio::test]
async fn when_it_is_closed_the_connection_is_gone() {
    struct Look(MemoryTransport, StateWatch, Arc<AtomicBool>);

    impl Wake for Look {
        fn wake(self: Arc<Self>) {
            let is_closed = matches!(self.1.current(), State::Closed);
            let open = self.0.open_exchanges();
            self.2.fetch_or(is_closed && open > 0, Ordering::SeqCst);
        }
    }

    let transport = MemoryTransport::new().reply(Reply::events().chunk("data: x\n\n").hang());
    let mut events = source(&transport);
    events.next().await.unwrap().unwrap();
    let mut watch = events.state();
    let early = Arc::new(AtomicBool::new(false));
    let look = Look(transport.clone(), watch.clone(), Arc::clone(&early));
    let waker = Waker::from(Arc::new(look));
    let mut context = Context::from_waker(&waker);
    assert!(Pin::new(&mut watch).poll_next(&mut context).is_ready());
    assert!(Pin::new(&mut watch).poll_next(&mut context).is_pending());
    drop(events);
    assert!(matches!(watch.current(), State::Closed));
    assert!(!early.load(Ordering::SeqCst));
}
