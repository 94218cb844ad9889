//! A value of the publisher's own beside an entry.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use futures_core::Stream as _;
use sse_hub::{Companion, Delivery, Event, EventType, Hub, Retention, Start};

#[tokio::test]
async fn a_companion_goes_with_its_entry_and_counts_in_what_is_retained() {
    let hub = Hub::builder()
        .retain(Retention::default().bytes(10_000))
        .build();
    let value = Arc::new(5_u8);
    for _ in 0..10 {
        let companion = Companion::new(Arc::clone(&value), 4_000);
        hub.publish("a", Event::new("d"))
            .companion(companion)
            .await
            .unwrap();
    }
    // Two of them fill the log.
    assert_eq!(Arc::strong_count(&value), 3);
    let companion = Companion::new(Arc::clone(&value), 0);
    let refused = hub.publish("a", Event::new("d").event(EventType::from_static("hub.x")));
    assert!(refused.companion(companion).await.is_err());
    let mut entries = hub
        .subscribe("a")
        .from(Start::Earliest)
        .await
        .unwrap()
        .entries();
    let mut cx = Context::from_waker(Waker::noop());
    let mut seen = 0;
    while let Poll::Ready(Some(delivery)) = Pin::new(&mut entries).poll_next(&mut cx) {
        let Delivery::Entry(entry) = delivery else {
            continue;
        };
        let companion = entry.companion().unwrap();
        assert_eq!(companion.downcast_ref::<Arc<u8>>(), Some(&value));
        assert_eq!(companion.downcast_ref::<u8>(), None);
        seen += 1;
    }
    assert_eq!(seen, 2);
}
