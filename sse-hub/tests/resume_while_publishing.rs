//! Resuming exactly while others publish: nothing is lost at the seam, and nothing comes twice.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

#[path = "shared/threads.rs"]
mod threads;

use std::{
    pin::Pin,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use sse_core::Decoder;
use sse_hub::{Event, Hub, Position, Resume, Retention, Subscription};
use threads::{Numbers, wait, wait_for};
use tokio_stream::Stream;

/// Resumes over all threads of a test.
const RESUMES: u64 = 10_000;
const READERS: u64 = 2;
/// How far back a resume goes, so that it comes before, at and behind the head.
const BACK: u64 = 40;
/// What the test's publishers and readers share.
struct Stage {
    hub: Hub,
    /// The highest number of which it is known that it was published.
    published: AtomicU64,
    done: AtomicBool,
}

/// Publishes numbers to one of four topics each, as the number says, while there are readers.
fn publish(stage: &Stage, seed: u64) {
    let mut numbers = Numbers(seed);
    while !stage.done.load(Ordering::Relaxed) {
        // One publisher alone, so the next number is the next sequence.
        let number = stage.published.load(Ordering::Relaxed) + 1;
        let event = Event::new(number.to_string());
        let published = wait_for(stage.hub.publish(topic_of(number), event)).unwrap();
        assert_eq!(published.seq(), number);
        stage.published.store(number, Ordering::Release);
        numbers.maybe_yield();
    }
}

const TOPICS: [&str; 4] = ["a/1", "a/2", "b/1", "b/2"];

fn topic_of(number: u64) -> &'static str {
    Numbers(number).one_of(&TOPICS)
}

/// What a reader asks for, and which topics that is.
const ASKED: [(&[&str], [bool; 4]); 5] = [
    (&["**"], [true, true, true, true]),
    (&["a/1"], [true, false, false, false]),
    (&["a/*", "b/2"], [true, true, false, true]),
    (&["a/2", "b/1"], [false, true, true, false]),
    (&["*/1", "a/1"], [true, false, true, false]),
];

/// Resumes behind an entry, reads over the seam, and finds exactly what must be there.
fn resume_once(stage: &Stage, numbers: &mut Numbers) {
    let (asked, wanted) = numbers.one_of(&ASKED);
    let head = stage.published.load(Ordering::Acquire);
    let after = (head + 2).saturating_sub(numbers.below(BACK));
    let after = after.min(stage.hub.head().seq);
    let position = Position {
        seq: after,
        nonce: 0,
        ..stage.hub.head()
    };
    numbers.maybe_yield();
    let subscribe = stage.hub.subscribe(asked);
    let mut subscription = wait_for(subscribe.after(position.to_event_id())).unwrap();
    assert_eq!(*subscription.resume(), Resume::Complete);
    let live = stage.hub.head().seq + 1 + numbers.below(3);
    let mut seen = after;
    let mut decoder = Decoder::new();
    while seen < live {
        numbers.maybe_yield();
        let batch = wait(|cx| Pin::new(&mut subscription).poll_next(cx)).unwrap();
        decoder.push(batch.into_bytes());
        while let Some(received) = decoder.next() {
            let number: u64 = received.unwrap().data().parse().unwrap();
            let is_wanted = |it: &u64| {
                wanted[TOPICS
                    .iter()
                    .position(|name| *name == topic_of(*it))
                    .unwrap()]
            };
            let expected = (seen + 1..=u64::MAX).find(is_wanted).unwrap();
            assert_eq!(
                number, expected,
                "after {seen}, of {asked:?}, resumed after {after}"
            );
            seen = number;
        }
        disturb_now_and_then(&subscription, numbers);
    }
}

/// A handle that wakes the subscription for nothing must change nothing.
fn disturb_now_and_then(subscription: &Subscription, numbers: &mut Numbers) {
    if numbers.below(8) == 0 {
        subscription.handle().add_topics("elsewhere").unwrap();
    }
}

#[test]
fn ten_thousand_resumes_lose_nothing_and_repeat_nothing() {
    let stage = Stage {
        // Far more than is published while a reader comes back; a new pattern looks at all of it.
        hub: Hub::builder()
            .retain(Retention::default().count(1_000))
            .build(),
        published: AtomicU64::new(0),
        done: AtomicBool::new(false),
    };
    let seed = 20;
    thread::scope(|scope| {
        let publisher = scope.spawn(|| publish(&stage, seed));
        let readers: Vec<_> = (0..READERS)
            .map(|reader| {
                let stage = &stage;
                scope.spawn(move || {
                    let mut numbers = Numbers(seed + 1 + reader);
                    for _ in 0..RESUMES / READERS {
                        resume_once(stage, &mut numbers);
                    }
                })
            })
            .collect();
        let outcomes: Vec<_> = readers
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        stage.done.store(true, Ordering::Relaxed);
        publisher.join().unwrap();
        for outcome in outcomes {
            outcome.unwrap();
        }
    });
}
