//! What clients can make a hub hold, and for how long.

mod shared;

use std::time::Duration;

use sse_hub::{Clock, CloseReason, Epoch, Event, Hub, LagLimit, Lagging, Retention, Start};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn one_more_pattern_than_may_be_listened_to_is_asked_to_come_later() {
    let hub = Hub::builder().max_patterns(2).build();
    hub.publish("c/1", Event::new("x")).await.unwrap();
    let first = hub.subscribe("a/*").await.unwrap();
    let _second = hub.subscribe(["b/*", "c/1"]).await.unwrap();
    let again = hub.subscribe("a/*").await.unwrap();
    assert_eq!((first.end_reason(), again.end_reason()), (None, None));

    let mut third = hub.subscribe("c/*").await.unwrap();
    let text = shared::ready_text(&mut third);
    assert!(
        text.contains("retry: ") && text.contains("event: hub.close"),
        "{text}"
    );
    assert!(
        !text.contains("id: "),
        "its client keeps its own place: {text}"
    );
    assert_eq!(third.end_reason(), Some(CloseReason::Overload));
    assert!(again.handle().add_topics("c/*").is_err());
    again.handle().add_topics(["b/*", "c/1"]).unwrap();
    // Reading holds a pattern no longer than it takes.
    assert_eq!(hub.read("c/*", None, 9).await.unwrap().entries.len(), 1);

    drop((first, again));
    let third = hub.subscribe("c/*").await.unwrap();
    assert_eq!(third.end_reason(), None);
}

#[tokio::test]
async fn what_clients_and_publishers_make_a_hub_remember_is_counted() {
    let hub = Hub::new();
    for number in 0..100 {
        let publish = hub.publish("a/b", Event::new("x"));
        publish.idempotency_key(number.to_string()).await.unwrap();
    }
    let keyed = hub.memory().index;
    for _ in 0..100 {
        hub.publish("a/b", Event::new("x")).await.unwrap();
    }
    let grown = hub.memory().index - keyed;
    assert!(
        keyed > 2 * grown,
        "{keyed} with idempotency keys, and {grown} more without"
    );
    let before = hub.memory();
    let pattern = hub.subscribe("a/*").await.unwrap();
    let links = 200 * size_of::<usize>() as u64;
    assert!(hub.memory().index >= before.index + links);
    drop(pattern);
    assert_eq!(hub.memory(), before);
}

#[tokio::test]
async fn a_namespace_that_nobody_uses_is_forgotten_after_an_hour() {
    let clock = Clock::manual();
    let retention = Retention::default().age(HOUR / 4);
    let hub = Hub::builder()
        .clock(clock.clone())
        .retain(retention)
        .build();
    let epoch = |name: &str| -> Epoch { hub.namespace(name).unwrap().head().epoch };
    let names = ["unused", "held", "listened to"];
    let before = names.map(epoch);
    for name in names {
        let namespace = hub.namespace(name).unwrap();
        namespace.publish("a", Event::new("x")).await.unwrap();
    }
    let held = hub.namespace("held").unwrap();
    let listened = hub
        .namespace("listened to")
        .unwrap()
        .subscribe("a")
        .await
        .unwrap();
    let pass = |time: Duration| {
        for _ in 0..2 {
            clock.advance(time / 2);
            hub.maintain();
        }
    };
    // First the entry goes, then the hour begins.
    pass(HOUR);
    assert_eq!(names.map(epoch), before);
    pass(HOUR + HOUR / 4);
    let after = names.map(epoch);
    assert_ne!(after[0], before[0], "unused");
    assert_eq!(after[1..], before[1..], "in use");
    drop((held, listened));
    pass(HOUR + HOUR / 4);
    assert!(
        names.map(epoch)[1..]
            .iter()
            .zip(&before[1..])
            .all(|(now, then)| now != then)
    );
}

#[tokio::test]
async fn what_a_filter_leaves_out_is_passed_however_much_it_is() {
    let hub = Hub::new();
    for number in 0..9_999 {
        hub.publish("a", Event::new(number.to_string()))
            .await
            .unwrap();
    }
    let subscribe = hub.subscribe("a").from(Start::Earliest);
    let last = |it: &sse_hub::Entry| it.seq() == 9_999;
    let mut subscription = subscribe.filter(last).await.unwrap();
    assert_eq!(shared::ready_data(&mut subscription), ["9998"]);
}

#[tokio::test]
async fn nobody_is_cut_for_what_is_published_to_others() {
    let clock = Clock::manual();
    let hub = Hub::builder()
        .clock(clock.clone())
        .retain(Retention::default().count(1))
        .lag_limit(LagLimit::default().entries(4))
        .build();
    let mut quiet = hub.subscribe("quiet").await.unwrap();
    let mut skipping = hub.subscribe("quiet").lagging(Lagging::Skip).await.unwrap();
    let mut flooded = hub.subscribe("busy").await.unwrap();
    for subscription in [&mut quiet, &mut skipping, &mut flooded] {
        shared::ready_text(subscription);
    }
    for round in 0..4 {
        hub.publish("quiet", Event::new(format!("{round}")))
            .await
            .unwrap();
        for _ in 0..500 {
            hub.publish("busy", Event::new("x")).await.unwrap();
        }
        clock.advance(Duration::from_secs(1));
        hub.maintain();
    }
    // What nobody waits for is not kept for the sake of those who wait for something else.
    let pinned = hub.memory().pinned;
    assert!(pinned < 1024, "{pinned} bytes");
    for subscription in [&mut quiet, &mut skipping] {
        let text = shared::ready_text(subscription);
        let data: Vec<_> = text.lines().filter(|it| it.starts_with("data: ")).collect();
        assert_eq!(data, ["data: 0", "data: 1", "data: 2", "data: 3"]);
    }
    assert_eq!(flooded.end_reason(), Some(CloseReason::Slow));
    drop((quiet, skipping, flooded));
    hub.maintain();
    assert_eq!(hub.memory().pinned, 0);
}
