//! What a user of the hub sees, without sockets.

mod shared;

use std::task::Poll;
use std::time::Duration;

use shared::{data, poll, ready, ready_data, ready_text};
use sse_hub::{
    Ack, Clock, Event, EventId, GapReason, Hub, Ids, LagLimit, Lagging, OnGap, PublishErrorKind,
    Resume, Retention, Start, Topic,
};

async fn publish(hub: &Hub, topic: &str, data: &str) -> EventId {
    hub.publish(topic, Event::new(data))
        .await
        .expect("nothing is wrong with it")
        .id()
}

#[tokio::test]
async fn a_hub_works_with_nothing_configured() {
    let hub = Hub::new();
    let mut subscription = hub.subscribe(()).await.unwrap();
    assert_eq!(*subscription.resume(), Resume::Fresh);
    let published = hub.publish((), Event::new("hello")).await.unwrap();
    assert_eq!(
        (published.seq(), published.subscribers, published.duplicate),
        (1, 1, false)
    );
    let text = ready_text(&mut subscription);
    assert!(text.starts_with("id: "), "{text}");
    assert!(text.contains(": ok\n"), "{text}");
    assert!(
        text.ends_with(&format!("id: {}\ndata: hello\n\n", published.id())),
        "{text}"
    );
}

#[tokio::test]
async fn several_topics_deliver_each_event_once_in_order() {
    let hub = Hub::new();
    let mut both = hub.subscribe(["a", "b"]).await.unwrap();
    let mut pattern = hub.subscribe(["x/*", "a"]).await.unwrap();
    let mut all = hub.subscribe("**").await.unwrap();
    hub.publish(["a", "b", "x/1"], Event::new("1"))
        .await
        .unwrap();
    publish(&hub, "c", "2").await;
    publish(&hub, "b", "3").await;
    publish(&hub, "x/2", "4").await;
    assert_eq!(ready_data(&mut both), ["1", "3"]);
    assert_eq!(ready_data(&mut pattern), ["1", "4"]);
    assert_eq!(ready_data(&mut all), ["1", "2", "3", "4"]);
    let mut late = hub
        .subscribe(["x/**", "b"])
        .from(Start::Earliest)
        .await
        .unwrap();
    assert_eq!(ready_data(&mut late), ["1", "3", "4"]);
}

#[tokio::test]
async fn a_resume_is_complete_or_says_why_not() {
    let hub = Hub::builder().retain(Retention::default().count(3)).build();
    let mut ids = Vec::new();
    for n in 1..=5 {
        ids.push(publish(&hub, "a", &n.to_string()).await);
    }
    let mut complete = hub.subscribe("a").after(ids[2].clone()).await.unwrap();
    assert_eq!(*complete.resume(), Resume::Complete);
    let seen = ready(&mut complete);
    assert_eq!(seen[0].event.id.as_ref(), Some(&ids[2]));
    assert_eq!(data(&seen), ["4", "5"]);

    let mut expired = hub.subscribe("a").after(ids[0].clone()).await.unwrap();
    let seen = ready(&mut expired);
    assert_eq!(seen[0].event.id, None, "the opening of a gap bears no id");
    let gap = seen[1].gap().unwrap();
    assert_eq!(
        (gap.reason.clone(), gap.missed_max),
        (GapReason::Expired, Some(1))
    );
    assert_eq!(gap.earliest.as_ref(), Some(&ids[2]));
    assert_eq!(data(&seen), ["3", "4", "5"]);
    assert_eq!(*expired.resume(), Resume::Gap(gap));

    let reason = async |id: &str| match hub
        .subscribe("a")
        .after(EventId::try_from(id).unwrap())
        .await
        .unwrap()
        .resume()
    {
        Resume::Gap(gap) => gap.reason.to_string(),
        other => other.as_str().to_owned(),
    };
    let last = ids[4].as_str();
    let (epoch, nonce) = (&last[..8], &last[last.len() - 8..]);
    let other = if nonce == "00000001" {
        "00000002"
    } else {
        "00000001"
    };
    assert_eq!(reason(&format!("{epoch}-5-{nonce}")).await, "complete");
    assert_eq!(reason(&format!("{epoch}-5-00000000")).await, "complete");
    assert_eq!(reason(&format!("{epoch}-5-{other}")).await, "forked");
    assert_eq!(reason(&format!("{epoch}-6-{nonce}")).await, "rollback");
    assert_eq!(reason(&format!("zzzzzzzz-5-{nonce}")).await, "epoch");
    assert_eq!(reason("no-such-id").await, "unknown");
    assert_eq!(reason("v1.abc").await, "malformed");
    assert_eq!(reason("").await, "fresh");
    let failing = hub
        .subscribe("a")
        .after(EventId::from(7))
        .on_gap(OnGap::Fail)
        .await;
    assert_eq!(
        failing.unwrap_err().to_string(),
        "events are missing (unknown)"
    );
}

#[tokio::test]
async fn starts_without_a_cursor() {
    let hub = Hub::new();
    for n in 1..=4 {
        publish(&hub, "a", &n.to_string()).await;
    }
    let from = async |start| ready_data(&mut hub.subscribe("a").from(start).await.unwrap());
    assert_eq!(from(Start::Latest).await, [""; 0]);
    assert_eq!(from(Start::Earliest).await, ["1", "2", "3", "4"]);
    assert_eq!(from(Start::Last(2)).await, ["3", "4"]);
    assert_eq!(from(Start::Last(9)).await, ["1", "2", "3", "4"]);
    assert_eq!(
        from(Start::within(Duration::from_secs(60))).await,
        ["1", "2", "3", "4"]
    );
    assert_eq!(
        from(Start::Since(
            std::time::SystemTime::now() + Duration::from_secs(60)
        ))
        .await,
        [""; 0]
    );
}

#[tokio::test]
async fn an_idle_subscription_keeps_a_fresh_position() {
    let clock = Clock::manual();
    let hub = Hub::builder().clock(clock.clone()).build();
    let mut idle = hub.subscribe("quiet").await.unwrap();
    ready(&mut idle);
    let busy = publish(&hub, "busy", "1").await;
    clock.advance(Duration::from_secs(13));
    hub.maintain();
    assert_eq!(ready_text(&mut idle), "");
    clock.advance(Duration::from_secs(1));
    hub.maintain();
    assert_eq!(
        ready_text(&mut idle),
        format!("id: {busy}\n: keep-alive\n\n")
    );
}

#[tokio::test]
async fn a_lagging_subscription_is_released_without_being_polled() {
    let hub = Hub::builder()
        .lag_limit(LagLimit::default().entries(5))
        .build();
    let mut slow = hub.subscribe("a").await.unwrap();
    let topic = Topic::try_from("a").unwrap();
    let first = publish(&hub, "a", "0").await;
    assert_eq!(ready_data(&mut slow), ["0"]);
    for n in 1..=5 {
        publish(&hub, "a", &n.to_string()).await;
    }
    assert_eq!(hub.count(&topic), 1);
    publish(&hub, "a", "6").await;
    assert_eq!(hub.count(&topic), 0);
    let text = ready_text(&mut slow);
    assert_eq!(
        text,
        format!("id: {first}\nevent: hub.close\ndata: {{\"reason\":\"slow\"}}\n\n")
    );
    let mut again = hub.subscribe("a").after(first).await.unwrap();
    assert_eq!(ready_data(&mut again), ["1", "2", "3", "4", "5", "6"]);
}

#[tokio::test]
async fn skipping_tells_of_the_gap_and_goes_on_at_the_head() {
    let hub = Hub::builder()
        .lag_limit(LagLimit::default().entries(2))
        .lagging(Lagging::Skip)
        .build();
    let mut slow = hub.subscribe("a").await.unwrap();
    ready(&mut slow);
    for n in 1..=9 {
        publish(&hub, "a", &n.to_string()).await;
    }
    let seen = ready(&mut slow);
    assert_eq!(seen[0].gap().unwrap().reason, GapReason::Slow);
    assert_eq!(data(&seen), [""; 0]);
    publish(&hub, "a", "10").await;
    assert_eq!(ready_data(&mut slow), ["10"]);
}

#[tokio::test]
async fn latest_per_key_keeps_the_last_of_each() {
    let hub = Hub::builder()
        .lag_limit(LagLimit::default().entries(4))
        .lagging(Lagging::LatestPerKey)
        .build();
    let mut slow = hub.subscribe("a").await.unwrap();
    ready(&mut slow);
    for n in 0..30 {
        hub.publish("a", Event::new(n.to_string()))
            .key(format!("k{}", n % 3))
            .await
            .unwrap();
    }
    assert_eq!(ready_data(&mut slow), ["27", "28", "29"]);
    for n in 0..30 {
        publish(&hub, "a", &n.to_string()).await;
    }
    assert_eq!(ready(&mut slow)[0].gap().unwrap().reason, GapReason::Slow);
}

#[tokio::test]
async fn retention_is_by_count_bytes_age_topic_and_time_to_live() {
    let clock = Clock::manual();
    let retained =
        async |hub: &Hub| ready_data(&mut hub.subscribe("**").from(Start::Earliest).await.unwrap());
    let hub = Hub::builder()
        .retain(Retention::default().count(2).per_topic(1))
        .clock(clock.clone())
        .build();
    publish(&hub, "quiet", "q").await;
    for n in 1..=5 {
        publish(&hub, "noisy", &n.to_string()).await;
    }
    assert_eq!(retained(&hub).await, ["q", "4", "5"]);
    let hub = Hub::builder()
        .retain(Retention::default().age(Duration::from_secs(10)))
        .clock(clock.clone())
        .build();
    publish(&hub, "a", "old").await;
    hub.publish("a", Event::new("brief"))
        .time_to_live(Duration::from_secs(1))
        .await
        .unwrap();
    clock.advance(Duration::from_secs(6));
    publish(&hub, "a", "new").await;
    assert_eq!(retained(&hub).await, ["old", "new"]);
    clock.advance(Duration::from_secs(6));
    hub.maintain();
    assert_eq!(retained(&hub).await, ["new"]);
    assert!(hub.memory().retained > 0);
    clock.advance(Duration::from_secs(60));
    hub.maintain();
    assert_eq!((hub.memory().retained, hub.memory().pinned), (0, 0));
    let hub = Hub::builder()
        .retain(Retention::default().keep_while(|entry| entry.seq() % 2 == 0))
        .build();
    for n in 1..=4 {
        publish(&hub, "a", &n.to_string()).await;
    }
    assert_eq!(retained(&hub).await, ["2", "4"]);
}

#[tokio::test]
async fn nothing_is_retained_and_live_delivery_still_loses_nothing() {
    let hub = Hub::builder().retain(Retention::none()).build();
    let mut live = hub.subscribe("a").await.unwrap();
    let first = publish(&hub, "a", "1").await;
    for n in 2..=500 {
        publish(&hub, "a", &n.to_string()).await;
    }
    assert_eq!(ready_data(&mut live).len(), 500);
    let resumed = hub.subscribe("a").after(first).await.unwrap();
    assert!(matches!(resumed.resume(), Resume::Gap(gap) if gap.reason == GapReason::Expired));
    drop((live, resumed));
    hub.maintain();
    assert_eq!((hub.memory().retained, hub.memory().pinned), (0, 0));
}

#[tokio::test]
async fn own_ids_are_kept_and_can_be_resumed_from() {
    let own = |id: &str| Event::new(id).try_id(id).unwrap();
    let hub = Hub::new();
    hub.publish("a", own("order-1")).await.unwrap();
    publish(&hub, "a", "2").await;
    let mut resumed = hub
        .subscribe("a")
        .after(EventId::try_from("order-1").unwrap())
        .await
        .unwrap();
    assert_eq!(ready_data(&mut resumed), ["2"]);
    assert!(hub.publish("a", own("v1.x")).await.is_err());

    let hub = Hub::builder().ids(Ids::Publisher).build();
    let mut seen = hub.subscribe("a").await.unwrap();
    hub.publish("a", own("order-1")).await.unwrap();
    assert!(ready_text(&mut seen).ends_with("id: order-1\ndata: order-1\n\n"));

    let hub = Hub::builder().ids(Ids::Bare).build();
    let mut seen = hub.subscribe("a").await.unwrap();
    hub.publish("a", own("v1.x")).await.unwrap();
    publish(&hub, "a", "none").await;
    assert_eq!(
        ready_text(&mut seen),
        ": ok\n\nid: v1.x\ndata: v1.x\n\ndata: none\n\n"
    );
}

#[tokio::test]
async fn an_idempotency_key_gives_the_first_position_again() {
    let hub = Hub::new();
    let first = hub
        .publish("a", Event::new("x"))
        .idempotency_key("k")
        .await
        .unwrap();
    let again = hub
        .publish("a", Event::new("x"))
        .idempotency_key("k")
        .await
        .unwrap();
    assert_eq!((again.position, again.duplicate), (first.position, true));
    assert_eq!(hub.head().seq, 1);
}

#[tokio::test]
async fn a_batch_is_published_as_a_whole_or_not_at_all() {
    let hub = &Hub::new();
    let good = (0..3).map(|n| hub.publish("a", Event::new(n.to_string())));
    let published = hub.publish_batch(good).await.unwrap();
    let seqs: Vec<_> = published.iter().map(sse_hub::Published::seq).collect();
    assert_eq!(seqs, [1, 2, 3]);
    let bad = [
        hub.publish("a", Event::new("x")),
        hub.publish("hub.a", Event::new("x")),
    ];
    let refused = hub.publish_batch(bad).await.unwrap_err();
    assert_eq!(refused.kind(), PublishErrorKind::Invalid);
    let elsewhere = hub.namespace("other").unwrap();
    for foreign in [&elsewhere, &Hub::new()] {
        let parts = [hub, foreign].map(|it| it.publish("a", Event::new("x")));
        let refused = hub.publish_batch(parts).await.unwrap_err();
        assert_eq!(refused.kind(), PublishErrorKind::Foreign);
        assert_eq!(foreign.head().seq, 0);
    }
    let acks = [Ack::Accepted, Ack::Durable, Ack::Accepted];
    let parts = acks.map(|ack| hub.publish("a", Event::new("x")).ack(ack));
    let refused = hub.publish_batch(parts).await.unwrap_err();
    assert_eq!(refused.kind(), PublishErrorKind::Unsupported);
    assert_eq!(refused.into_answers().len(), 3);
    assert_eq!(hub.publish_batch([]).await.unwrap(), []);
    assert_eq!(hub.head().seq, 3);
    let durable = hub.publish("a", Event::new("x")).ack(Ack::Durable).await;
    assert_eq!(durable.unwrap_err().kind(), PublishErrorKind::Unsupported);
}

#[tokio::test]
async fn history_is_read_in_pages() {
    let hub = Hub::new();
    for n in 1..=5 {
        publish(
            &hub,
            if n % 2 == 0 { "even" } else { "odd" },
            &n.to_string(),
        )
        .await;
    }
    let page = hub.read("odd", None, 2).await.unwrap();
    assert_eq!(
        page.entries
            .iter()
            .map(|entry| entry.seq())
            .collect::<Vec<_>>(),
        [1, 3]
    );
    let rest = hub.read("odd", page.next.to_event_id(), 9).await.unwrap();
    assert_eq!(
        rest.entries
            .iter()
            .map(|entry| entry.seq())
            .collect::<Vec<_>>(),
        [5]
    );
    assert_eq!((rest.resume, rest.next), (Resume::Complete, hub.head()));
}

#[tokio::test]
async fn topics_come_and_go_and_a_clear_is_told() {
    let hub = Hub::new();
    let mut subscription = hub.subscribe("a").await.unwrap();
    ready(&mut subscription);
    let handle = subscription.handle();
    handle.add_topics("b").unwrap();
    publish(&hub, "b", "1").await;
    assert_eq!(ready_data(&mut subscription), ["1"]);
    handle.remove_topics("a").unwrap();
    publish(&hub, "a", "2").await;
    assert_eq!(ready_data(&mut subscription), [""; 0]);
    publish(&hub, "b", "3").await;
    hub.clear(&Topic::try_from("b").unwrap()).await.unwrap();
    publish(&hub, "b", "4").await;
    let seen = ready(&mut subscription);
    assert_eq!(seen[0].gap().unwrap().reason, GapReason::Expired);
    assert_eq!(data(&seen), ["4"]);
}

#[tokio::test]
async fn a_disconnect_delivers_what_is_ready_and_says_why() {
    let hub = Hub::new();
    let mut subscription = hub.subscribe("a").presence("ann", "").await.unwrap();
    ready(&mut subscription);
    publish(&hub, "a", "1").await;
    let ann =
        |handle: &sse_hub::SubscriptionHandle| handle.presence().is_some_and(|it| it.name == "ann");
    assert_eq!(hub.disconnect(ann, "kicked"), 1);
    assert_eq!(hub.disconnect(ann, "kicked"), 0);
    publish(&hub, "a", "2").await;
    let seen = ready(&mut subscription);
    assert_eq!(data(&seen), ["1"]);
    assert_eq!(seen[1].data(), r#"{"reason":"kicked"}"#);
    assert!(matches!(poll(&mut subscription), Poll::Ready(None)));
}

#[tokio::test]
async fn a_long_replay_goes_over_several_connections() {
    let hub = Hub::builder().max_replay(4).build();
    for n in 1..=10 {
        publish(&hub, "a", &n.to_string()).await;
    }
    let mut seen = Vec::new();
    let mut last = None;
    for _ in 0..5 {
        let mut subscription = hub
            .subscribe("a")
            .after(last.clone())
            .from(Start::Earliest)
            .await
            .unwrap();
        let received = ready(&mut subscription);
        last = received.last().map(|it| it.last_event_id.clone());
        seen.extend(data(&received));
    }
    assert_eq!(seen, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
}

#[tokio::test]
async fn a_shutdown_ends_all_with_their_own_position_and_refuses_softly() {
    let hub = Hub::new();
    let mut subscriptions = Vec::new();
    for _ in 0..20 {
        subscriptions.push(hub.subscribe("a").await.unwrap());
    }
    let id = publish(&hub, "a", "1").await;
    let done = hub.shutdown(Duration::from_millis(200));
    let mut late = hub.subscribe("a").await.unwrap();
    let text = ready_text(&mut late);
    assert!(
        text.starts_with("retry: ")
            && text.ends_with("event: hub.close\ndata: {\"reason\":\"overload\"}\n\n"),
        "{text}"
    );
    assert!(!text.contains("id: "), "{text}");
    tokio::time::timeout(Duration::from_secs(10), done)
        .await
        .unwrap();
    for subscription in &mut subscriptions {
        let seen = ready(subscription);
        assert_eq!(data(&seen), ["1"]);
        let close = seen.last().unwrap();
        assert_eq!(close.event_type(), "hub.close");
        assert_eq!(close.event.id.as_ref(), Some(&id));
        assert!(close.event.retry.is_some());
    }
    let closed = hub.publish("a", Event::new("x")).await.unwrap_err();
    assert_eq!(closed.kind(), PublishErrorKind::Closed);
}
