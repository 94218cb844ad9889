use std::{
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};

use futures_core::Stream;
use http::StatusCode;
use sse_client::{EventSource, MemoryTransport, Reply};
use tokio::{runtime::Handle, time::advance};

use crate::scene::{exact, source};

const STEP: Duration = Duration::from_millis(250);

/// A life with everything in it: each step of the clock is at another place of it.
fn life() -> MemoryTransport {
    MemoryTransport::new()
        .reply(Reply::refused("refused").after(STEP * 2))
        .reply(Reply::redirect(StatusCode::FOUND, "/next").after(STEP * 2))
        .reply(Reply::status(StatusCode::BAD_GATEWAY).after(STEP * 2))
        .reply(
            Reply::events()
                .after(STEP * 2)
                .chunk("data: 1\n\ndata")
                .pause(STEP * 2)
                .chunk(": 2\n\n")
                .error("reset"),
        )
        .reply(Reply::events().chunk("data: 3\n\n").hang())
}

fn events(transport: &MemoryTransport) -> EventSource {
    source(transport)
        .backoff(exact())
        .idle_timeout(Duration::from_secs(10))
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Where an event source can be left, in steps of the clock: more than its life has.
const PLACES: u32 = 100;

#[tokio::test(start_paused = true)]
async fn dropping_it_anywhere_leaves_no_connection_no_task_and_no_timer() {
    for place in 0..PLACES {
        let transport = life();
        let count = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut context = Context::from_waker(&waker);
        let mut events = events(&transport);
        for _ in 0..place {
            let _ = Pin::new(&mut events).poll_next(&mut context);
            advance(STEP).await;
        }
        drop(events);
        assert_eq!(transport.open_exchanges(), 0, "{place}");
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "{place}");
        // A timer that is left would call the waker, and hold it until then.
        count.0.store(0, Ordering::SeqCst);
        advance(Duration::from_secs(24 * 60 * 60)).await;
        assert_eq!(count.0.load(Ordering::SeqCst), 0, "{place}");
        drop(waker);
        assert_eq!(Arc::strong_count(&count), 1, "{place}");
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_future_anywhere_loses_nothing() {
    let transport = life();
    let mut events = events(&transport);
    let mut context = Context::from_waker(Waker::noop());
    let mut seen = Vec::new();
    for _ in 0..PLACES {
        // Each future is polled once and dropped.
        let next = pin!(events.next());
        if let std::task::Poll::Ready(item) = next.poll(&mut context) {
            seen.push(item.unwrap().unwrap().data().to_owned());
        }
        advance(STEP).await;
    }
    assert_eq!(seen, ["1", "2", "3"]);
    // The last one hangs, and is replaced after the timeout by the answer 204.
    assert!(events.next().await.is_none());
    assert_eq!(transport.requests().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_closed_one_holds_nothing_before_it_is_dropped() {
    for place in 0..PLACES {
        let transport = life();
        let mut events = events(&transport);
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..place {
            let _ = Pin::new(&mut events).poll_next(&mut context);
            advance(STEP).await;
        }
        events.closer().close();
        assert!(events.next().await.is_none());
        assert_eq!(transport.open_exchanges(), 0, "{place}");
    }
}
