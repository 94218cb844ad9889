//! A log that is itself published: what the hub logs while it publishes comes back to it.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

mod shared;

use std::{
    pin::pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, Waker},
};

use sse_hub::{Event, Hub, LagLimit};
use tracing::{
    Level, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};

/// Publishes each warning of the hub's to the hub.
struct Published(Arc<OnceLock<Hub>>);

impl Subscriber for Published {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("sse_hub") && *metadata.level() == Level::WARN
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let line = Event::new(event.metadata().name());
        at_once(self.0.get().unwrap().publish("log", line)).unwrap();
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
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

#[test]
fn what_is_logged_while_publishing_can_be_published() {
    let place = Arc::new(OnceLock::new());
    tracing::subscriber::set_global_default(Published(Arc::clone(&place))).unwrap();
    let limit = LagLimit::default().entries(2);
    let hub = place.get_or_init(|| Hub::builder().lag_limit(limit).build());
    let mut log = at_once(hub.subscribe("log")).unwrap();
    shared::ready(&mut log);
    let _stalled = at_once(hub.subscribe("a")).unwrap();
    for number in 0..5 {
        at_once(hub.publish("a", Event::new(number.to_string()))).unwrap();
    }
    assert_eq!(shared::ready_data(&mut log).len(), 1);
    assert_eq!(hub.head().seq, 6);
}
