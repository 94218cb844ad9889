//! What goes wrong around a hub: repeated publications, clocks that jump, ids that nobody gave out, readers that stall.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

mod shared;

use std::{
    collections::HashSet,
    pin::pin,
    sync::Barrier,
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use shared::{data, poll, ready, ready_data};
use sse_hub::{
    Clock, Event, EventId, Hub, LagLimit, Lagging, MemoryUse, Position, Resume, Retention, Start,
    Topic,
};

/// What a hub in memory answers at once.
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
fn publishers_with_the_same_key_at_the_same_time_make_one_entry() {
    const PUBLISHERS: usize = 4;
    const KEYS: usize = 500;
    let hub = Hub::new();
    let mut live = at_once(hub.subscribe("a")).unwrap();
    ready(&mut live);
    let barrier = Barrier::new(PUBLISHERS);
    let publish_all = || {
        let publish = |key: usize| {
            barrier.wait();
            let publish = hub.publish("a", Event::new(key.to_string()));
            let publish = publish.idempotency_key(format!("key-{key}"));
            let published = at_once(publish).unwrap();
            (published.position, published.duplicate)
        };
        (0..KEYS).map(publish).collect::<Vec<_>>()
    };
    let answers: Vec<_> = thread::scope(|scope| {
        let publishers: Vec<_> = (0..PUBLISHERS).map(|_| scope.spawn(publish_all)).collect();
        publishers
            .into_iter()
            .map(|it| it.join().unwrap())
            .collect()
    });
    for key in 0..KEYS {
        let positions: HashSet<Position> = answers.iter().map(|it| it[key].0).collect();
        assert_eq!(positions.len(), 1);
        assert_eq!(answers.iter().filter(|it| !it[key].1).count(), 1);
    }
    assert_eq!(hub.head().seq, KEYS as u64);
    let expected: Vec<_> = (0..KEYS).map(|key| key.to_string()).collect();
    assert_eq!(ready_data(&mut live), expected);
    // An acknowledgement that was lost on the way is asked for again.
    let again = hub.publish("a", Event::new("7")).idempotency_key("key-7");
    assert_eq!(at_once(again).unwrap().position, answers[0][7].0);
}

#[test]
fn what_was_published_is_there_when_its_publisher_is_told() {
    let hub = Hub::new();
    let publish_all = || {
        for _ in 0..5_000 {
            let published = at_once(hub.publish("a", Event::new("x"))).unwrap();
            assert!(hub.head().seq >= published.seq());
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(publish_all);
        }
    });
}

#[test]
fn a_wall_clock_that_jumps_changes_neither_order_nor_age() {
    const HOUR: u64 = 3_600_000;
    let noon = 20_000 * 24 * HOUR;
    for jumped in [noon + HOUR, noon - HOUR, 0] {
        let clock = Clock::manual();
        clock.set_unix_millis(noon);
        let hub = Hub::builder().clock(clock.clone()).build();
        let mut live = at_once(hub.subscribe("a")).unwrap();
        ready(&mut live);
        let brief = Duration::from_secs(10);
        let first = at_once(hub.publish("a", Event::new("1")).idempotency_key("k")).unwrap();
        at_once(hub.publish("a", Event::new("2")).time_to_live(brief)).unwrap();
        clock.set_unix_millis(jumped);
        hub.maintain();
        at_once(hub.publish("a", Event::new("3")).time_to_live(brief)).unwrap();
        let again = at_once(hub.publish("a", Event::new("1")).idempotency_key("k")).unwrap();
        assert_eq!((again.position, again.duplicate), (first.position, true));
        assert_eq!(ready_data(&mut live), ["1", "2", "3"]);
        let after = |id: EventId| {
            let mut resumed = at_once(hub.subscribe("a").after(id)).unwrap();
            assert_eq!(*resumed.resume(), Resume::Complete);
            ready_data(&mut resumed)
        };
        clock.advance(Duration::from_secs(9));
        hub.maintain();
        assert_eq!(after(first.id()), ["2", "3"]);
        clock.advance(Duration::from_secs(2));
        hub.maintain();
        // What its publisher let expire is no loss.
        assert_eq!(after(first.id()), [""; 0]);
        assert_eq!(hub.subscriptions().len(), 1, "nobody was taken for slow");
        let earliest = hub.subscribe("a").from(Start::Earliest);
        assert_eq!(ready_data(&mut at_once(earliest).unwrap()), ["1"]);
    }
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// An id that was given out, one that was edited, or one that is made of anything.
fn any_id(numbers: &mut Numbers, given: &[EventId]) -> String {
    const ODD: [&str; 12] = [
        "-",
        "0",
        "9",
        "f",
        "z",
        "A",
        " ",
        "é",
        "🦀",
        "v1.",
        "o1.",
        "18446744073709551616",
    ];
    let mut id = given[numbers.below(given.len())].as_str().to_owned();
    match numbers.below(8) {
        0 => return id,
        1 => id.clear(),
        2 => id = id.repeat(1 + numbers.below(20)),
        3 => {
            let parts: Vec<_> = given[numbers.below(given.len())]
                .as_str()
                .split('-')
                .collect();
            let mut own: Vec<_> = id.split('-').collect();
            let part = numbers.below(3);
            own[part] = parts[part];
            id = own.join("-");
        }
        4 => id.truncate(numbers.below(id.len())),
        _ => {}
    }
    for _ in 0..numbers.below(4) {
        let at = numbers.below(id.chars().count() + 1);
        let at = id.char_indices().nth(at).map_or(id.len(), |(at, _)| at);
        let text = ODD[numbers.below(ODD.len())];
        if numbers.below(2) == 0 {
            id.insert_str(at, text);
        } else {
            let end = id[at..].chars().next().map_or(at, |it| at + it.len_utf8());
            id.replace_range(at..end, text);
        }
    }
    id
}

#[test]
fn a_million_ids_that_nobody_gave_out_harm_nobody() {
    const IDS: usize = 1_000_000;
    const THREADS: usize = 2;
    let hub = Hub::new();
    let (ours, theirs) = (
        hub.namespace("ours").unwrap(),
        hub.namespace("theirs").unwrap(),
    );
    let mut given = Vec::new();
    let mut positions = Vec::new();
    for number in 0..50 {
        let published = at_once(ours.publish("a", Event::new(format!("ours {number}")))).unwrap();
        positions.push(published.position);
        given.push(published.id());
        let other = hub.publish("a", Event::new("x")).idempotency_key("x");
        given.push(at_once(other).unwrap().id());
        let secret = theirs.publish("a", Event::new(format!("secret {number}")));
        given.push(at_once(secret).unwrap().id());
    }
    let head = ours.head();
    let ask = |seed| {
        let mut numbers = Numbers(seed);
        let mut complete = 0;
        for _ in 0..IDS / THREADS {
            let id = any_id(&mut numbers, &given);
            let resumed = at_once(
                ours.subscribe("a")
                    .after(EventId::try_from(id.as_str()).unwrap()),
            );
            let mut resumed = resumed.unwrap();
            // Only what this log gave out, or a place in it whose nonce is not known, is gone on from.
            let expected = id.parse::<Position>().ok().filter(|it| {
                let mut own = positions.iter().filter(|own| own.seq == it.seq);
                let same = own.all(|own| it.nonce == 0 || it.nonce == own.nonce);
                it.epoch == head.epoch && it.seq <= head.seq && same
            });
            match resumed.resume() {
                Resume::Fresh => assert!(id.is_empty(), "{id:?}"),
                Resume::Complete => {
                    assert!(expected.is_some(), "{id:?}");
                    complete += 1;
                }
                _ => assert!(expected.is_none() && !id.is_empty(), "{id:?}"),
            }
            // Reading takes longer than deciding.
            if numbers.below(50) == 0 {
                let read = data(&ready(&mut resumed));
                assert!(
                    read.iter().all(|it| it.starts_with("ours ")),
                    "{id:?}: {read:?}"
                );
            }
        }
        complete
    };
    thread::scope(|scope| {
        for seed in 0..THREADS {
            let ask = &ask;
            scope.spawn(move || assert!(ask(seed as u64 + 1) > IDS / THREADS / 50));
        }
    });
    assert_eq!(ours.count(&Topic::try_from("a").unwrap()), 0);
}

const TOTAL: usize = 1024 * 1024 * 1024;
const EVENT: usize = 256 * 1024;

/// Publishes a gibibyte, with a subscription that has stopped reading if `lagging` says what becomes of it.
fn publish_a_gibibyte(lagging: Option<Lagging>, retention: &Retention) -> MemoryUse {
    let limit = LagLimit::default();
    let hub = Hub::builder()
        .retain(retention.clone())
        .lag_limit(limit)
        .build();
    let mut stalled = lagging.map(|it| at_once(hub.subscribe("a").lagging(it)).unwrap());
    let text = "x".repeat(EVENT);
    let publish = |number: usize| {
        let publish = hub
            .publish("a", Event::new(text.clone()))
            .key((number % 7).to_string());
        at_once(publish).unwrap();
    };
    publish(0);
    // The last batch lies in a socket's buffer from now on.
    let held = stalled.as_mut().map(|it| [poll(it), poll(it)]);
    let (mut most, retained_limit) = (MemoryUse::default(), 64 * 1024 * 1024);
    for number in 1..TOTAL / EVENT {
        publish(number);
        let memory = hub.memory();
        most.retained = most.retained.max(memory.retained);
        most.pinned = most.pinned.max(memory.pinned);
        most.index = most.index.max(memory.index);
    }
    assert!(most.retained <= retained_limit, "{most:?}");
    let pinned_limit = 8 * 1024 * 1024 + 4 * EVENT as u64;
    assert!(most.pinned <= pinned_limit, "{most:?}");
    assert!(most.index < 1024 * 1024, "{most:?}");
    drop((stalled, held));
    hub.maintain();
    let memory = hub.memory();
    assert_eq!(memory.pinned, 0, "{lagging:?}");
    memory
}

#[test]
fn a_gibibyte_past_a_stalled_reader_stays_within_the_limits() {
    for retention in [Retention::default(), Retention::none()] {
        let alone = publish_a_gibibyte(None, &retention);
        for lagging in [Lagging::Disconnect, Lagging::Skip, Lagging::LatestPerKey] {
            let memory = publish_a_gibibyte(Some(lagging), &retention);
            let same = (memory.retained, memory.index) == (alone.retained, alone.index);
            assert!(same, "{lagging:?}: {memory:?}, and without it {alone:?}");
        }
    }
}
