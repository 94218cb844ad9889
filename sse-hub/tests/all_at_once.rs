//! Everything that may happen, at the same time, on threads: nobody waits for ever, and what is missing is told.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

#[path = "shared/threads.rs"]
mod threads;

use std::{
    collections::BTreeMap,
    pin::Pin,
    process,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::Poll,
    thread,
    time::Duration,
};

use sse_core::{Decoder, DecoderOptions, EventId, Received};
use sse_hub::{
    Event, Hub, LagLimit, Lagging, OnGap, Position, Published, Resume, Retention, Subscription,
};
use threads::{Numbers, wait, wait_for};
use tokio_stream::Stream;

/// Entries of each publisher, of which there are two.
const ENTRIES: u64 = 30_000;
/// The last is cleared now and then: who listens to it is told once, before what is left of it.
const TOPICS: [&str; 5] = ["a/1", "a/2", "b/1", "b/2", "cleared"];
/// Longer than all of it takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(120);

struct Stage {
    hub: Hub,
    /// The topic of each entry, by its sequence, as the publishers were told.
    published: Mutex<BTreeMap<u64, &'static str>>,
    done: AtomicBool,
}

impl Stage {
    fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    fn note(&self, published: &Published, topic: &'static str) {
        let seq = published.position.seq;
        let before = self.published.lock().unwrap().insert(seq, topic);
        assert_eq!(before, None, "{seq} was given twice");
    }
}

fn publish(stage: &Stage, mut numbers: Numbers) {
    let mut left = ENTRIES;
    while left > 0 {
        let count = numbers.below(4).min(left - 1) + 1;
        let topics: Vec<_> = (0..count).map(|_| numbers.one_of(&TOPICS)).collect();
        let parts = topics
            .iter()
            .map(|&topic| stage.hub.publish(topic, Event::new("x")));
        for (published, topic) in wait_for(stage.hub.publish_batch(parts))
            .unwrap()
            .iter()
            .zip(topics)
        {
            stage.note(published, topic);
        }
        left -= count;
        numbers.maybe_yield();
    }
}

/// What a reader saw, in its order.
#[derive(Debug)]
enum Seen {
    /// It began, with nothing owed to it up to here.
    Began(u64),
    Entry(u64),
    /// Something is missing up to here, and it was told so.
    Gap(u64),
    /// It was told that it has everything up to here.
    Through(u64),
}

fn seq_of(received: &Received) -> u64 {
    let position: Position = received.last_event_id.as_str().parse().unwrap();
    position.seq
}

/// Reads, lags, is thrown out, and comes back with the last id that it saw, until all is published and read.
fn read(stage: &Stage, mut numbers: Numbers, asked: &'static [&'static str]) -> Vec<Seen> {
    let (mut seen, mut last) = (Vec::new(), None::<EventId>);
    loop {
        let lagging = numbers.one_of(&[Lagging::Disconnect, Lagging::Skip]);
        let subscribe = stage
            .hub
            .subscribe(asked)
            .after(last.clone())
            .lagging(lagging);
        let mut subscription = wait_for(subscribe.on_gap(OnGap::Earliest)).unwrap();
        if let (Resume::Fresh, None) = (subscription.resume(), &last) {
            seen.push(Seen::Began(subscription.position().seq));
        }
        let over = read_one(stage, &mut numbers, &mut subscription, &mut seen, &mut last);
        if over {
            return seen;
        }
    }
}

/// Reads one stream; true if everything was read.
fn read_one(
    stage: &Stage,
    numbers: &mut Numbers,
    subscription: &mut Subscription,
    seen: &mut Vec<Seen>,
    last: &mut Option<EventId>,
) -> bool {
    let mut decoder = Decoder::with_options(DecoderOptions::new().dataless_blocks());
    loop {
        if numbers.below(64) == 0 {
            thread::sleep(Duration::from_millis(2));
        }
        if numbers.below(200) == 0 {
            return false;
        }
        let next = wait(|cx| match Pin::new(&mut *subscription).poll_next(cx) {
            Poll::Pending if stage.is_done() => Poll::Ready(None),
            other => other,
        });
        let Some(batch) = next else {
            let over = stage.is_done() && subscription.handle().is_live();
            if over {
                seen.push(Seen::Through(stage.hub.head().seq));
            }
            return over;
        };
        decoder.push(batch.into_bytes());
        while let Some(received) = decoder.next() {
            let received = received.unwrap();
            if received.last_event_id.is_empty() {
                continue;
            }
            *last = Some(received.last_event_id.clone());
            let seq = seq_of(&received);
            seen.push(match (received.gap(), received.event_type()) {
                (Some(_), _) => Seen::Gap(seq),
                (None, "message") if received.event.data.is_some() => Seen::Entry(seq),
                _ => Seen::Through(seq),
            });
        }
    }
}

fn check(seen: &[Seen], asked: &[&str], published: &BTreeMap<u64, &str>) {
    let mut at = 0;
    let matches = |asked: &str, topic: &str| {
        let start = asked.strip_suffix('*');
        asked == topic || start.is_some_and(|start| topic.starts_with(start))
    };
    let wanted = |topic: &str| asked.iter().any(|it| matches(it, topic));
    let missing = |after: u64, before: u64| {
        let mut between = published.range(after + 1..before.max(after + 1));
        between.find(|(_, topic)| wanted(topic))
    };
    for it in seen {
        let to = match it {
            Seen::Began(seq) | Seen::Gap(seq) => *seq,
            Seen::Entry(seq) => {
                assert!(*seq > at, "{seq} comes after {at}");
                assert!(wanted(published[seq]), "{seq} was not asked for");
                assert_eq!(missing(at, *seq), None, "between {at} and {seq}");
                *seq
            }
            Seen::Through(seq) => {
                assert_eq!(
                    missing(at, *seq + 1),
                    None,
                    "between {at} and {seq}, which is given as read"
                );
                *seq
            }
        };
        at = at.max(to);
    }
}

/// Whatever else may be done to a hub.
fn interfere(stage: &Stage, mut numbers: Numbers) {
    while !stage.is_done() {
        let hub = &stage.hub;
        match numbers.below(8) {
            0 => wait_for(hub.clear(&TOPICS[4].try_into().unwrap())).unwrap(),
            1 => drop(hub.disconnect(|it| it.id() % 3 == 0, "kicked")),
            2 => {
                let mut subscription = wait_for(hub.subscribe(numbers.one_of(&TOPICS))).unwrap();
                let handle = subscription.handle();
                handle.add_topics(["a/*", "elsewhere"]).unwrap();
                let _ = wait(|cx| Pin::new(&mut subscription).poll_next(cx));
                handle.remove_topics(["a/*"]).unwrap();
                if numbers.below(2) == 0 {
                    handle.disconnect("enough");
                }
            }
            3 => drop((hub.memory(), hub.presence_changes())),
            4 => drop(
                wait_for(hub.subscribe(format!("name-{}", numbers.below(50)).as_str())).unwrap(),
            ),
            _ => hub.maintain(),
        }
        numbers.maybe_yield();
    }
}

fn run() {
    let stage = Arc::new(Stage {
        hub: Hub::builder()
            .retain(Retention::default().count(30))
            .lag_limit(LagLimit::default().entries(20))
            .build(),
        published: Mutex::default(),
        done: AtomicBool::new(false),
    });
    let asked: [&'static [&'static str]; 3] = [&["a/*", "b/*"], &["a/*", "b/2"], &["b/1"]];
    thread::scope(|scope| {
        let publishers = [1, 2].map(|seed| {
            let stage = &stage;
            scope.spawn(move || publish(stage, Numbers(seed)))
        });
        let readers = [0, 1, 2].map(|index| {
            let stage = &stage;
            let numbers = Numbers(10 + index as u64);
            (
                asked[index],
                scope.spawn(move || read(stage, numbers, asked[index])),
            )
        });
        let others = [3, 4].map(|seed| {
            let stage = &stage;
            scope.spawn(move || interfere(stage, Numbers(seed)))
        });
        for publisher in publishers {
            publisher.join().unwrap();
        }
        stage.done.store(true, Ordering::Release);
        for other in others {
            other.join().unwrap();
        }
        // Calls those who wait for more.
        while readers.iter().any(|(_, reader)| !reader.is_finished()) {
            stage.hub.disconnect(|_| true, "over");
            thread::sleep(Duration::from_millis(1));
        }
        let published = stage.published.lock().unwrap().clone();
        assert_eq!(published.len() as u64, 2 * ENTRIES);
        for (asked, reader) in readers {
            let seen = reader.join().unwrap();
            let entries = seen.iter().filter(|it| matches!(it, Seen::Entry(_)));
            assert!(entries.count() > 10);
            check(&seen, asked, &published);
        }
    });
    stage.hub.maintain();
    assert_eq!(stage.hub.memory().pinned, 0);
}

#[test]
fn all_at_once_nobody_hangs_and_no_loss_is_silent() {
    let (done, is_done) = mpsc::channel();
    let running = thread::spawn(move || {
        run();
        let _ = done.send(());
    });
    if let Err(mpsc::RecvTimeoutError::Timeout) = is_done.recv_timeout(PATIENCE) {
        eprintln!("threads wait for each other: nothing came to an end in {PATIENCE:?}");
        process::abort();
    }
    running.join().unwrap();
}
