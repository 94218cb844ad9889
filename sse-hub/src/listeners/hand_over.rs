//! The hand-over between those who append or end and a reader that waits, in every order that threads can take.

use std::{
    sync::Arc,
    task::{Wake, Waker},
};

use loom::{
    sync::{Notify, RwLock, RwLockWriteGuard, atomic::AtomicU64},
    thread,
};

use super::{CloseReason, Ending, Listener, Offer};
use crate::{
    lag::{LagLimit, Lagging},
    sync::Ordering,
};

/// A log of which only the length matters, with its one reader.
struct Log {
    head: RwLock<u64>,
    version: AtomicU64,
    listener: Arc<Listener>,
}

/// A reader's task: it waits until it is woken, and for ever if nobody does, which the model reports.
struct Task(Notify);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
}

impl Task {
    fn new() -> (Arc<Self>, Waker) {
        let task = Arc::new(Self(Notify::new()));
        (Arc::clone(&task), Waker::from(task))
    }
}

/// Tries all orders in which a thread is interrupted at most three times where it need not be.
fn model(steps: impl Fn() + Send + Sync + 'static) {
    model_with(3, steps);
}

fn model_with(interruptions: usize, steps: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(interruptions);
    model.check(steps);
}

impl Log {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            head: RwLock::new(0),
            version: AtomicU64::new(1),
            listener: listener(),
        })
    }

    fn head(&self) -> u64 {
        *self.head.read().unwrap()
    }

    fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    fn appending(&self) -> RwLockWriteGuard<'_, u64> {
        self.head.write().unwrap()
    }

    /// What one who takes in does once something is appended: changes the version, offers, wakes.
    fn tell(&self, seq: u64) {
        self.version.fetch_add(1, Ordering::SeqCst);
        if let Offer::Taken(Some(waker)) = self.listener.offer(seq, 1, NOW) {
            waker.wake();
        }
    }

    /// Appends, while nobody else takes in.
    fn append(&self) {
        let seq = {
            let mut head = self.appending();
            *head += 1;
            *head
        };
        self.tell(seq);
    }

    fn reader(self: &Arc<Self>) -> Reader {
        Reader {
            log: Arc::clone(self),
            position: 0,
            seen: 0,
        }
    }
}

/// The one who reads.
struct Reader {
    log: Arc<Log>,
    position: u64,
    seen: u64,
}

impl Reader {
    /// What a subscription does: looks unless it knows better, leaves the waker, looks again, waits.
    fn read_through(&mut self, last: u64) {
        let (task, waker) = Task::new();
        let Log { listener, .. } = &*self.log;
        loop {
            let version = self.log.version();
            let has_seen = listener.has_seen(self.seen, version);
            if !has_seen {
                let offered = listener.before_looking();
                let head = self.log.head();
                self.seen = version;
                let new = head - self.position;
                if new > 0 {
                    self.position = head;
                    listener.passed(new, new, head, None);
                    continue;
                }
                listener.caught_up(offered, head);
            }
            if self.position == last {
                return;
            }
            let has_news = || {
                let is_known = listener.has_seen(self.seen, self.log.version());
                !is_known && (has_seen || self.log.head() > self.position)
            };
            if !listener.slot.park_unless(&waker, has_news) {
                task.0.wait();
            }
        }
    }
}

/// When everything is appended.
const NOW: u64 = 1;

#[test]
fn a_reader_comes_to_all_that_is_appended_and_is_not_slow() {
    // With three it takes more than ten minutes.
    model_with(2, || {
        let log = Log::new();
        let writer = {
            let log = Arc::clone(&log);
            thread::spawn(move || {
                log.append();
                log.append();
            })
        };
        let mut reader = log.reader();
        reader.read_through(2);
        writer.join().unwrap();
        // Had it waited, it would be woken once more for what it was offered and has.
        reader.read_through(2);
        assert_eq!(log.listener.lag(), (0, 0));
        assert!(!log.listener.is_too_old(u64::MAX - 1));
    });
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_writer_that_wakes_before_it_appends_can_leave_a_reader_waiting() {
    model(|| {
        let log = Log::new();
        let writer = {
            let log = Arc::clone(&log);
            thread::spawn(move || {
                log.tell(1);
                *log.appending() += 1;
            })
        };
        log.reader().read_through(1);
        writer.join().unwrap();
    });
}

#[test]
fn a_reader_that_has_moved_to_another_task_is_woken_there() {
    model(|| {
        let log = Log::new();
        let writer = {
            let log = Arc::clone(&log);
            thread::spawn(move || log.append())
        };
        let (_, elsewhere) = Task::new();
        log.listener.slot.park_unless(&elsewhere, || false);
        log.reader().read_through(1);
        writer.join().unwrap();
    });
}

fn listener() -> Arc<Listener> {
    let (lagging, limit) = (Lagging::default(), LagLimit::default());
    Arc::new(Listener::new(1, None, lagging, limit, 0, 0))
}

/// Waits as a subscription does for what is told by flags and not by the log.
fn wait_for(listener: &Listener, mut came: impl FnMut(&Listener) -> bool) {
    let (task, waker) = Task::new();
    while !came(listener) {
        if !listener
            .slot
            .park_unless(&waker, || listener.needs_a_look())
        {
            task.0.wait();
        }
    }
}

#[test]
fn a_keep_alive_that_is_due_reaches_a_reader_that_waits() {
    model(|| {
        let listener = listener();
        let keeper = {
            let listener = Arc::clone(&listener);
            thread::spawn(move || {
                if let Some(waker) = listener.remind(14_000, 14_000) {
                    waker.wake();
                }
            })
        };
        wait_for(&listener, Listener::take_keep_alive);
        keeper.join().unwrap();
    });
}

#[test]
fn an_end_reaches_a_reader_that_waits_and_one_of_two_is_the_reason() {
    model(|| {
        let listener = listener();
        let enders = [CloseReason::Slow, CloseReason::Drain].map(|reason| {
            let listener = Arc::clone(&listener);
            thread::spawn(move || {
                let ending = Ending {
                    reason,
                    retry: None,
                    through: 0,
                };
                let first = listener.end(ending);
                listener.slot.wake();
                first
            })
        });
        wait_for(&listener, Listener::is_ended);
        assert!(listener.ending().is_some());
        let firsts = enders.map(|ender| ender.join().unwrap());
        assert_ne!(firsts[0], firsts[1]);
    });
}
