#![forbid(unsafe_code)]
//! Times so long that they are no limit.

mod shared;

use std::time::Duration;

use sse_hub::{Clock, Event, Hub, LagLimit};

#[tokio::test]
async fn the_longest_times_are_no_limit_and_no_overflow() {
    let hub = Hub::builder()
        .clock(Clock::manual())
        .lag_limit(LagLimit::default().time(Duration::MAX))
        .keep_alive(Duration::MAX)
        .build();
    let mut subscription = hub.subscribe("a").await.unwrap();
    shared::ready_text(&mut subscription);
    hub.publish("a", Event::new("x")).await.unwrap();
    hub.maintain();
    assert!(subscription.handle().is_live());
    assert!(shared::ready_text(&mut subscription).contains("data: x"));
    hub.maintain();
    assert!(subscription.handle().is_live());
}

#[tokio::test]
async fn topics_removed_at_the_end_take_nothing_away_that_was_ready() {
    let hub = Hub::builder().clock(Clock::manual()).build();
    let mut subscription = hub.subscribe("a").await.unwrap();
    shared::ready_text(&mut subscription);
    hub.publish("a", Event::new("x")).await.unwrap();
    let handle = subscription.handle();
    handle.disconnect("enough");
    let _ = handle.remove_topics("a");
    let text = shared::ready_text(&mut subscription);
    assert!(text.contains("data: x"), "{text}");
}
