//! Who begins and ceases to listen, as others see it.

mod shared;

use std::{
    collections::HashSet,
    pin::{Pin, pin},
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use sse_hub::{Event, Hub, PresenceChange, PresenceChanges};
use tokio_stream::Stream;

fn next(changes: &mut PresenceChanges) -> Poll<Option<PresenceChange>> {
    Pin::new(changes).poll_next(&mut Context::from_waker(Waker::noop()))
}

fn at_once<T>(future: impl IntoFuture<Output = T>) -> T {
    let mut future = pin!(future.into_future());
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(ready) => ready,
        Poll::Pending => panic!("the memory provider never waits"),
    }
}

/// Who is present, as one knows who hears of each change in turn.
#[derive(Default)]
struct Known(HashSet<(String, u64)>);

impl Known {
    fn take(&mut self, change: PresenceChange) {
        match change {
            PresenceChange::Start { selector, member } => {
                let is_new = self.0.insert((selector.to_string(), member.subscription));
                assert!(is_new, "{selector} begins twice");
            }
            PresenceChange::End { selector, member } => {
                let was_there = self.0.remove(&(selector.to_string(), member.subscription));
                assert!(was_there, "{selector} ends before it begins");
            }
            missed => panic!("{missed:?}"),
        }
    }
}

#[test]
fn a_start_comes_before_its_end_and_nobody_counts_below_nobody() {
    // A watch keeps what comes of so many.
    const AT_ONCE: usize = 50;
    let hub = Hub::new();
    // So that there is something to be read when they are ended.
    at_once(hub.publish("a", Event::new("x"))).unwrap();
    let before = hub.memory();
    let mut changes = hub.presence_changes();
    let is_done = AtomicBool::new(false);
    let subscribe = || {
        for _ in 0..AT_ONCE {
            let mut subscription = at_once(hub.subscribe(["a", "b"])).unwrap();
            let handle = subscription.handle();
            handle.add_topics(["c", "d"]).unwrap();
            handle.remove_topics("a").unwrap();
            handle.add_topics("a").unwrap();
            let opening = shared::ready(&mut subscription);
            let retry = opening[0].event.retry.unwrap().as_millis();
            assert!(retry < 2_000, "{retry} ms are for thousands of others");
        }
        is_done.store(true, Ordering::Relaxed);
    };
    let end_all = || {
        while !is_done.load(Ordering::Relaxed) {
            hub.disconnect(|_| true, "kicked");
        }
    };
    let mut known = Known::default();
    for _ in 0..200 {
        is_done.store(false, Ordering::Relaxed);
        thread::scope(|scope| {
            scope.spawn(subscribe);
            scope.spawn(end_all);
        });
        while let Poll::Ready(Some(change)) = next(&mut changes) {
            known.take(change);
        }
        assert_eq!(known.0.len(), 0);
    }
    // Nothing is kept for who is gone.
    assert_eq!(hub.memory(), before);
}

#[test]
fn a_watch_ends_with_the_hub_and_one_that_begins_later_at_once() {
    let hub = Hub::new();
    let subscription = at_once(hub.subscribe("a")).unwrap();
    let mut before = hub.presence_changes();
    drop(hub.shutdown(Duration::ZERO));
    assert!(matches!(
        next(&mut before),
        Poll::Ready(Some(PresenceChange::End { .. }))
    ));
    assert!(matches!(next(&mut before), Poll::Ready(None)));
    drop(subscription);
    for hub in [hub.clone(), hub.namespace("made-afterwards").unwrap()] {
        let mut after = hub.presence_changes();
        assert!(matches!(next(&mut after), Poll::Ready(None)));
    }
}
