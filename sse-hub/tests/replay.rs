//! What a subscription is given of what was there before it, and how long it may take.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

mod shared;

use std::{task::Poll, time::Duration};

use shared::{data, poll, ready, ready_data, ready_text};
use sse_hub::{
    Clock, CloseReason, Event, EventType, GapReason, Hub, Lagging, Retention, Start, Subscription,
};

async fn publish(hub: &Hub, topic: &str, data: &str) {
    hub.publish(topic, Event::new(data)).await.unwrap();
}

/// A hub with half a mebibyte that is a minute old, and a subscription to all of it.
async fn old_replay() -> (Clock, Hub, Subscription) {
    let clock = Clock::manual();
    let hub = Hub::builder().clock(clock.clone()).no_keep_alive().build();
    for _ in 0..100 {
        publish(&hub, "a", &"x".repeat(4096)).await;
    }
    clock.advance(Duration::from_secs(60));
    hub.maintain();
    let subscription = hub.subscribe("a").from(Start::Earliest).await.unwrap();
    (clock, hub, subscription)
}

#[tokio::test]
async fn a_replay_goes_as_slowly_as_its_reader_however_old_it_is() {
    let (clock, hub, mut subscription) = old_replay().await;
    let mut events = 0;
    while let Poll::Ready(Some(batch)) = poll(&mut subscription) {
        events += data(&shared::decode(str::from_utf8(batch.as_bytes()).unwrap())).len();
        if events == 50 {
            publish(&hub, "a", "live").await;
        }
        // The socket takes what it was given.
        clock.advance(Duration::from_secs(20));
        hub.maintain();
    }
    assert_eq!(subscription.end_reason(), None);
    assert!(events >= 100, "{events}");
}

#[tokio::test]
async fn a_reader_that_takes_no_more_of_its_replay_is_slow() {
    let (clock, hub, mut subscription) = old_replay().await;
    assert!(poll(&mut subscription).is_ready());
    assert!(poll(&mut subscription).is_ready());
    clock.advance(Duration::from_secs(29));
    hub.maintain();
    assert_eq!(subscription.end_reason(), None);
    clock.advance(Duration::from_secs(2));
    hub.maintain();
    assert_eq!(subscription.end_reason(), Some(CloseReason::Slow));
}

#[tokio::test]
async fn the_marker_stands_between_the_replay_and_what_came_meanwhile() {
    for start in [Start::Earliest, Start::Latest] {
        let hub = Hub::new();
        publish(&hub, "a", "replayed").await;
        publish(&hub, "b", "not for this one").await;
        let subscribe = hub.subscribe("a").from(start).markers();
        let mut subscription = subscribe.await.unwrap();
        let mut text = String::new();
        for _ in 0..50 {
            publish(&hub, "a", "live").await;
            if let Poll::Ready(Some(batch)) = poll(&mut subscription) {
                text.push_str(str::from_utf8(batch.as_bytes()).unwrap());
            }
        }
        text.push_str(&ready_text(&mut subscription));
        assert_eq!(text.matches("data: live").count(), 50, "{text}");
        let (replay, live) = text.split_once("event: hub.live\n").unwrap();
        let replayed = usize::from(start == Start::Earliest);
        assert_eq!(replay.matches("data: replayed").count(), replayed, "{text}");
        assert!(!replay.contains("data: live"), "{text}");
        assert!(!live.contains("hub.live"), "{text}");
    }
}

#[tokio::test]
async fn a_replay_ends_early_only_if_more_is_to_be_replayed() {
    for (count, closes) in [(2, false), (3, false), (4, true)] {
        let hub = Hub::builder().max_replay(3).build();
        for n in 0..count {
            publish(&hub, "a", &n.to_string()).await;
        }
        publish(&hub, "b", "not for this one").await;
        let filtered = hub.publish(
            "a",
            Event::new("x").event(EventType::from_static("left-out")),
        );
        filtered.await.unwrap();
        let subscribe = hub.subscribe("a").from(Start::Earliest);
        let subscribe = subscribe.filter(|entry| !entry.event().as_str().contains("left-out"));
        let mut subscription = subscribe.await.unwrap();
        assert_eq!(ready_data(&mut subscription).len(), count.min(3));
        publish(&hub, "a", "live").await;
        let expected = if closes { &[][..] } else { &["live"] };
        assert_eq!(ready_data(&mut subscription), expected, "{count}");
        let reason = closes.then_some(CloseReason::Replay);
        assert_eq!(subscription.end_reason(), reason, "{count}");
    }
}

#[tokio::test]
async fn the_last_few_are_those_that_are_delivered() {
    let clock = Clock::manual();
    let hub = Hub::builder()
        .clock(clock.clone())
        .retain(Retention::default().keep_while(|entry| entry.seq() % 2 == 0))
        .build();
    for n in 1..=10 {
        let publish = hub.publish("a", Event::new(n.to_string()));
        let publish = publish.key((n / 6).to_string());
        publish.await.unwrap();
    }
    let brief = hub.publish("a", Event::new("11"));
    brief.time_to_live(Duration::from_secs(1)).await.unwrap();
    clock.advance(Duration::from_secs(2));
    let last = |count| hub.subscribe("a").from(Start::Last(count));
    let seen = async |subscribe: sse_hub::Subscribe| ready_data(&mut subscribe.await.unwrap());
    assert_eq!(seen(last(4)).await, ["4", "6", "8", "10"]);
    let filtered = last(2).filter(|entry| !entry.event().as_str().contains("data: 8"));
    assert_eq!(seen(filtered).await, ["6", "10"]);
    let latest = last(2).lagging(Lagging::LatestPerKey);
    assert_eq!(seen(latest).await, ["4", "10"]);
}

#[tokio::test]
async fn an_entry_gives_way_only_to_one_that_is_delivered() {
    let latest = |hub: &Hub| {
        let subscribe = hub.subscribe("a").from(Start::Earliest);
        subscribe.lagging(Lagging::LatestPerKey)
    };
    let publish = async |hub: &Hub, data: &str| {
        let publish = hub.publish("a", Event::new(data)).key("k");
        publish.await.unwrap();
    };
    let hub = Hub::new();
    publish(&hub, "good").await;
    publish(&hub, "bad").await;
    let good = latest(&hub).filter(|entry| entry.event().as_str().contains("good"));
    assert_eq!(ready_data(&mut good.await.unwrap()), ["good"]);

    let rule = Retention::default().keep_while(|entry| entry.seq() != 2);
    let hub = Hub::builder().retain(rule).build();
    publish(&hub, "kept").await;
    publish(&hub, "not kept").await;
    let mut subscription = latest(&hub).await.unwrap();
    assert_eq!(ready_data(&mut subscription), ["kept"]);
    // The rule is one for replays.
    let hub = Hub::builder()
        .retain(Retention::default().keep_while(|_| false))
        .build();
    let mut live = latest(&hub).await.unwrap();
    ready(&mut live);
    publish(&hub, "1").await;
    publish(&hub, "2").await;
    assert_eq!(ready_data(&mut live), ["2"]);

    let clock = Clock::manual();
    let hub = Hub::builder().clock(clock.clone()).build();
    publish(&hub, "lasting").await;
    let brief = hub.publish("a", Event::new("brief")).key("k");
    brief.time_to_live(Duration::from_secs(1)).await.unwrap();
    clock.advance(Duration::from_secs(2));
    let mut subscription = latest(&hub).await.unwrap();
    assert_eq!(ready_data(&mut subscription), ["lasting"]);
}

#[tokio::test]
async fn what_is_gone_of_a_topic_when_it_is_added_is_told() {
    for (published, told) in [(3, false), (10, true)] {
        let hub = Hub::builder().retain(Retention::default().count(3)).build();
        let mut subscription = hub.subscribe("a").await.unwrap();
        ready(&mut subscription);
        for n in 0..published {
            publish(&hub, "b", &n.to_string()).await;
        }
        hub.maintain();
        subscription.handle().add_topics("b").unwrap();
        let seen = ready(&mut subscription);
        let gap = seen[0].gap().map(|gap| gap.reason);
        assert_eq!(gap, told.then_some(GapReason::Expired), "{published}");
        let last = (published - 3..published).map(|n| n.to_string());
        assert_eq!(data(&seen), last.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn the_least_that_is_kept_is_kept_whatever_its_age_and_length() {
    let short = Retention::default().bytes(1).age(Duration::from_secs(1));
    let old = Retention::default().age(Duration::from_secs(1));
    for (retention, kept) in [
        (short.clone(), 0),
        (short.clone().at_least(3), 3),
        (short.at_least(3).count(2), 2),
        (old.at_least(20), 10),
    ] {
        let clock = Clock::manual();
        let builder = Hub::builder().retain(retention.clone());
        let hub = builder.clock(clock.clone()).build();
        for number in 0..10 {
            publish(&hub, "a", &number.to_string()).await;
        }
        clock.advance(Duration::from_secs(60));
        hub.maintain();
        let mut all = hub.subscribe("a").from(Start::Earliest).await.unwrap();
        let expected: Vec<_> = (10 - kept..10).map(|number| number.to_string()).collect();
        assert_eq!(ready_data(&mut all), expected, "{retention:?}");
    }
}
