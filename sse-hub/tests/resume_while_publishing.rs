//! Resuming exactly while others publish: nothing is lost at the seam, and nothing comes twice.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use sse_core::Decoder;
use sse_hub::{Event, Hub, Position, Resume, Retention, Subscription};
use tokio_stream::Stream;

/// Resumes over all threads of a test.
const RESUMES: u64 = 10_000;
const READERS: u64 = 2;
/// How far back a resume goes, so that it comes before, at and behind the head.
const BACK: u64 = 40;
/// Nothing takes longer than this unless a wake was lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// Numbers that look random and are the same in every run with the same seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    /// Gives others the processor at places that nobody can plan.
    fn maybe_yield(&mut self) {
        match self.below(16) {
            0..4 => thread::yield_now(),
            4 => thread::sleep(Duration::from_micros(20)),
            _ => {}
        }
    }
}

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn wait<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let until = Instant::now() + PATIENCE;
    loop {
        if let Poll::Ready(ready) = poll(&mut Context::from_waker(&waker)) {
            return ready;
        }
        thread::park_timeout(until.saturating_duration_since(Instant::now()));
        assert!(Instant::now() < until, "nobody woke the reader");
    }
}

fn wait_for<T>(future: impl IntoFuture<Output = T>) -> T {
    let mut future = std::pin::pin!(future.into_future());
    wait(|cx| future.as_mut().poll(cx))
}

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
