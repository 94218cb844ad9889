//! A hub over a log that is elsewhere: what that log says of itself reaches those who read, and only those whom it concerns.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

mod engine;
#[path = "../shared/mod.rs"]
mod shared;

use std::{
    future::Future as _,
    pin::pin,
    task::{Context, Waker},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use engine::Engine;
use shared::{data, ready, ready_data};
use sse_core::{GapReason, Received};
use sse_hub::{
    Clock, Event, Hub, LagLimit, Lagging, Position, Resume, Retention, Start, Subscription, Topic,
    provider::TailItem,
};

async fn publish(hub: &Hub, data: &str) -> Position {
    hub.publish("a", Event::new(data)).await.unwrap().position
}

async fn from_the_first(hub: &Hub) -> Subscription {
    hub.subscribe("a").from(Start::Earliest).await.unwrap()
}

fn says(gaps: &[&str], data: &[&str]) -> (Vec<String>, Vec<String>) {
    let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    (owned(gaps), owned(data))
}

/// The gaps that are told, and the data.
fn told(subscription: &mut Subscription) -> (Vec<String>, Vec<String>) {
    let received = ready(subscription);
    let gaps = received.iter().filter_map(Received::gap);
    let gaps = gaps.map(|gap| gap.reason.to_string()).collect();
    (gaps, data(&received))
}

#[tokio::test]
async fn a_second_fork_withdraws_what_the_first_one_shared() {
    let engine = Engine::new(false);
    let (hub, _) = engine.hub(|it| it);
    let mut reader = from_the_first(&hub).await;
    for number in 1..=4 {
        publish(&hub, &format!("old {number}")).await;
    }
    engine.fork(5);
    hub.maintain();
    assert_eq!(told(&mut reader).1.len(), 4);
    engine.fork(3);
    for number in 3..=4 {
        publish(&hub, &format!("new {number}")).await;
    }
    // All that was appended behind the fork is new to it, however late it looks.
    let expected = says(&["rollback"], &["new 3", "new 4"]);
    assert_eq!(told(&mut reader), expected);
}

#[tokio::test]
async fn what_a_fork_leaves_of_a_hole_is_told() {
    let engine = Engine::new(false);
    let (hub, _) = engine.hub(|it| it);
    let mut reader = from_the_first(&hub).await;
    publish(&hub, "1").await;
    engine.leave_out(4);
    engine.fork(4);
    publish(&hub, "4").await;
    assert_eq!(told(&mut reader), says(&["provider"], &["1", "4"]));
}

#[tokio::test]
async fn a_hole_is_told_once_to_who_reads_and_to_who_resumes() {
    let engine = Engine::new(false);
    let (hub, _) = engine.hub(|it| it);
    let mut live = from_the_first(&hub).await;
    let first = publish(&hub, "1").await;
    publish(&hub, "2").await;
    engine.leave_out(2);
    publish(&hub, "5").await;
    let cursor = first.to_event_id();
    let mut resumed = hub.subscribe("a").after(cursor.clone()).await.unwrap();
    assert_eq!(*resumed.resume(), Resume::Complete);
    assert_eq!(told(&mut live), says(&["provider"], &["1", "2", "5"]));
    assert_eq!(told(&mut resumed), says(&["provider"], &["2", "5"]));
    // Who reads without subscribing is told by the answer.
    let read = hub.read("a", cursor, 10).await.unwrap();
    assert!(matches!(read.resume, Resume::Gap(gap) if gap.reason.as_str() == "provider"));
    engine.leave_out(1);
    publish(&hub, "7").await;
    assert_eq!(told(&mut resumed), says(&["provider"], &["7"]));
}

#[tokio::test]
async fn of_very_many_holes_the_first_are_told_as_one() {
    let engine = Engine::new(false);
    let (hub, _) = engine.hub(|it| it);
    let mut live = from_the_first(&hub).await;
    let mut first = None;
    for number in 0..100 {
        let position = publish(&hub, &number.to_string()).await;
        first.get_or_insert(position);
        engine.leave_out(1);
    }
    publish(&hub, "last").await;
    let (gaps, data) = told(&mut live);
    assert_eq!((gaps[0].as_str(), data.len()), ("expired", 101));
    let cursor = first.unwrap().to_event_id();
    let mut resumed = hub.subscribe("a").after(cursor).await.unwrap();
    let (gaps, data) = told(&mut resumed);
    assert_eq!((gaps[0].as_str(), data.len()), ("expired", 100));
}

#[tokio::test]
async fn the_last_entry_before_a_fork_need_not_be_held() {
    let engine = Engine::new(false);
    let (hub, clock) = engine.hub(|it| it);
    publish(&hub, "1").await;
    let brief = hub.publish("a", Event::new("2"));
    let brief = brief.time_to_live(Duration::from_secs(1)).await.unwrap();
    publish(&hub, "3").await;
    clock.advance(Duration::from_secs(2));
    hub.maintain();
    engine.fork(3);
    hub.maintain();
    let cursor = Position {
        epoch: engine.epoch(),
        ..brief.position
    };
    let resumed = hub
        .subscribe("a")
        .after(cursor.to_event_id())
        .await
        .unwrap();
    assert_eq!(*resumed.resume(), Resume::Complete);
}

#[tokio::test]
async fn retention_counts_what_comes_behind_a_fork() {
    let engine = Engine::new(false);
    let (hub, _) = engine.hub(|it| it.retain(Retention::default().count(2)));
    for number in 1..=6 {
        publish(&hub, &number.to_string()).await;
    }
    engine.fork(2);
    for number in 2..=5 {
        publish(&hub, &number.to_string()).await;
    }
    let mut reader = from_the_first(&hub).await;
    assert_eq!(ready_data(&mut reader), ["4", "5"]);
}

#[tokio::test]
async fn an_entry_that_comes_after_its_time_pushes_nothing_out() {
    let engine = Engine::new(false);
    let (hub, clock) = engine.hub(|it| it.retain(Retention::default().count(1)));
    clock.advance(Duration::from_secs(10));
    publish(&hub, "valid").await;
    let late = hub.publish("a", Event::new("late"));
    late.time_to_live(Duration::from_secs(1)).await.unwrap();
    assert_eq!(ready_data(&mut from_the_first(&hub).await), ["valid"]);
}

#[tokio::test]
async fn what_is_over_replaces_nothing() {
    let clock = Clock::manual();
    let hub = Hub::builder().clock(clock.clone()).build();
    hub.publish("a", Event::new("lasting"))
        .key("k")
        .await
        .unwrap();
    let brief = hub.publish("a", Event::new("brief")).key("k");
    brief.time_to_live(Duration::from_secs(1)).await.unwrap();
    clock.advance(Duration::from_secs(2));
    let latest = hub.subscribe("a").from(Start::Earliest);
    let mut reader = latest.lagging(Lagging::LatestPerKey).await.unwrap();
    assert_eq!(ready_data(&mut reader), ["lasting"]);
}

#[tokio::test]
async fn a_purge_is_told_once_and_what_is_left_is_read() {
    let engine = Engine::new(true);
    let (hub, _) = engine.hub(|it| it.retain(Retention::none()));
    publish(&hub, "1").await;
    hub.publish(["a", "b"], Event::new("2")).await.unwrap();
    publish(&hub, "3").await;
    let mut reader = from_the_first(&hub).await;
    hub.clear(&Topic::try_from("b").unwrap()).await.unwrap();
    publish(&hub, "4").await;
    assert_eq!(told(&mut reader), says(&["expired"], &["1", "3", "4"]));
    publish(&hub, "5").await;
    assert_eq!(told(&mut reader), says(&[], &["5"]));
}

#[tokio::test]
async fn who_is_behind_takes_what_the_log_itself_has_trimmed() {
    let engine = Engine::new(true);
    let (hub, _) = engine.hub(|it| it);
    let mut reader = from_the_first(&hub).await;
    for number in 1..=4 {
        publish(&hub, &number.to_string()).await;
    }
    engine.tell(TailItem::Trimmed { first: 4 });
    hub.maintain();
    assert_eq!(told(&mut reader), says(&[], &["1", "2", "3", "4"]));
    assert_eq!(ready_data(&mut from_the_first(&hub).await), ["4"]);
}

#[tokio::test]
async fn what_was_removed_before_its_page_was_read_is_told() {
    let engine = Engine::new(true);
    let (hub, _) = engine.hub(|it| it.retain(Retention::none()));
    for number in 1..=6 {
        publish(&hub, &number.to_string()).await;
    }
    let first = engine.position(1).to_event_id();
    let mut reader = hub.subscribe("a").after(first.clone()).await.unwrap();
    assert_eq!(*reader.resume(), Resume::Complete);
    let before = engine.reads();
    engine.remove_before_reading(4);
    assert_eq!(told(&mut reader), says(&["expired"], &["4", "5", "6"]));
    assert!(engine.reads() > before);
}

#[tokio::test]
async fn what_was_removed_while_its_page_was_read_is_told_to_who_only_reads() {
    let engine = Engine::new(true);
    let (hub, _) = engine.hub(|it| it.retain(Retention::none()));
    for number in 1..=600 {
        publish(&hub, &number.to_string()).await;
    }
    let before_all = Position {
        seq: 0,
        nonce: 0,
        ..engine.position(1)
    };
    engine.set_slow(true);
    let mut replay = pin!(hub.read("a", before_all.to_event_id(), 1000));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(replay.as_mut().poll(&mut cx).is_pending());
    engine.remove_before(400);
    engine.set_slow(false);
    let replay = replay.await.unwrap();
    assert!(matches!(&replay.resume, Resume::Gap(gap) if gap.reason == GapReason::Expired));
    assert_eq!(replay.entries.len(), 201);
}

#[tokio::test]
async fn a_page_that_was_asked_for_before_a_fork_is_asked_for_again() {
    let engine = Engine::new(true);
    let one = LagLimit::default().entries(1);
    let (hub, _) = engine.hub(|it| it.retain(Retention::none()).lag_limit(one));
    for number in 1..=4 {
        publish(&hub, &format!("old {number}")).await;
    }
    let reader = hub.subscribe("a").from(Start::Earliest);
    let mut reader = reader.lag_limit(LagLimit::default()).await.unwrap();
    engine.set_slow(true);
    assert_eq!(told(&mut reader), says(&[], &[]));
    engine.fork(3);
    for number in 3..=5 {
        publish(&hub, &format!("new {number}")).await;
    }
    hub.maintain();
    engine.set_slow(false);
    let expected = ["old 1", "old 2", "new 3", "new 4", "new 5"];
    assert_eq!(told(&mut reader), says(&[], &expected));
}

#[tokio::test]
async fn a_page_that_looked_at_nothing_does_not_say_that_nothing_is_there() {
    let engine = Engine::new(true);
    let (hub, _) = engine.hub(|it| it.retain(Retention::none()));
    for number in 1..=4 {
        publish(&hub, &number.to_string()).await;
    }
    engine.scan_through(2);
    let mut reader = from_the_first(&hub).await;
    assert_eq!(ready_data(&mut reader), ["1", "2"]);
    assert_eq!(reader.end_reason().unwrap().as_str(), "overload");
    // It comes back when the log has been read that far.
    engine.scan_through(u64::MAX);
    let cursor = reader.position().to_event_id();
    let mut reader = hub.subscribe("a").after(cursor).await.unwrap();
    assert_eq!(told(&mut reader), says(&[], &["3", "4"]));
}

#[tokio::test]
async fn a_start_goes_back_to_what_only_the_log_itself_has() {
    let engine = Engine::new(true);
    let (hub, clock) = engine.hub(|it| it.retain(Retention::default().count(3)));
    for number in 1..=1000_u64 {
        let topic = if number % 100 == 0 { "rare" } else { "a" };
        engine.set_time(number * 1000);
        clock.set_unix_millis(number * 1000);
        let event = Event::new(number.to_string());
        hub.publish(topic, event).await.unwrap();
    }
    for (topic, start, first, count) in [
        ("a", Start::Last(2), "998", 2),
        ("a", Start::Last(300), "697", 300),
        ("rare", Start::Last(3), "800", 3),
        ("rare", Start::Last(100), "100", 10),
        ("**", Start::Last(5000), "1", 1000),
        ("a", Start::Since(at(999)), "999", 1),
        ("a", Start::Since(at(500)), "501", 495),
        ("rare", Start::Since(at(401)), "500", 6),
        ("a", Start::Since(at(0)), "1", 990),
    ] {
        let mut reader = hub.subscribe(topic).from(start).await.unwrap();
        let data = ready_data(&mut reader);
        let found = (data.first().map(String::as_str), data.len());
        assert_eq!(found, (Some(first), count), "{topic} from {start:?}");
    }
    for start in [Start::Last(0), Start::Since(at(1001))] {
        let mut reader = hub.subscribe("**").from(start).await.unwrap();
        assert_eq!(ready_data(&mut reader), [""; 0]);
    }
    // Only what lies between the hub's own and the place is looked for.
    let before = engine.reads();
    drop(hub.subscribe("**").from(Start::Last(2)).await.unwrap());
    assert_eq!(engine.reads(), before);
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[tokio::test]
async fn few_pages_are_read_at_once_and_whoever_waits_is_kept_alive() {
    let engine = Engine::new(true);
    let interval = Duration::from_secs(3);
    let (hub, clock) = engine.hub(|it| it.retain(Retention::none()).keep_alive(interval));
    for number in 1..=100 {
        publish(&hub, &number.to_string()).await;
    }
    let mut readers = Vec::new();
    for first in 1..=100 {
        let start = hub
            .subscribe("a")
            .after(engine.position(first).to_event_id());
        readers.push(start.await.unwrap());
    }
    engine.set_slow(true);
    for reader in &mut readers {
        assert_eq!(ready(reader).len(), 1);
    }
    assert_eq!(engine.most_reading(), 16);
    clock.advance(interval);
    hub.maintain();
    let kept_alive = |reader: &mut Subscription| ready(reader)[0].event.data.is_none();
    assert!(readers.iter_mut().take(99).all(kept_alive));
    // Those whose page is being read go: the pages are read all the same, and the others have their turn.
    let mut readers = readers.split_off(20);
    engine.set_slow(false);
    let mut seen = vec![0; readers.len()];
    for _ in 0..readers.len() {
        hub.maintain();
        for (reader, seen) in readers.iter_mut().zip(&mut seen) {
            *seen += ready_data(reader).len();
        }
    }
    let expected: Vec<_> = (0..80).rev().collect();
    assert_eq!(seen, expected);
    assert_eq!(engine.most_reading(), 16);
}

#[tokio::test]
async fn a_tail_that_ends_is_a_log_that_does_not_answer() {
    let engine = Engine::new(false);
    let (hub, _) = engine.hub(|it| it);
    let mut reader = from_the_first(&hub).await;
    publish(&hub, "told").await;
    engine.end_the_tail();
    hub.maintain();
    hub.maintain();
    assert_eq!(ready_data(&mut reader), ["told"]);
    assert!(!hub.is_ready());
    assert!(reader.handle().is_live());
}
