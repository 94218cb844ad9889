//! The hand-over between those who append or end and a reader that waits, in every order that threads can take.

use std::{
    sync::Arc,
    task::{Wake, Waker},
};

use loom::{
    sync::{Notify, RwLock},
    thread,
};

use super::{CloseReason, Ending, Listener, WakerSlot};
use crate::lag::{LagLimit, Lagging};

/// A log of which only the length matters, with its one reader.
struct Log {
    head: RwLock<u64>,
    slot: WakerSlot,
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
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(steps);
}

#[derive(Clone, Copy, PartialEq)]
enum SecondLook {
    Taken,
    LeftOut,
}

impl Log {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            head: RwLock::new(0),
            slot: WakerSlot::new(),
        })
    }

    fn head(&self) -> u64 {
        *self.head.read().unwrap()
    }

    fn append(&self) {
        *self.head.write().unwrap() += 1;
        self.slot.wake();
    }

    /// What a subscription does: look, leave the waker, look again, wait.
    fn read_through(&self, last: u64, second_look: SecondLook) {
        let (task, waker) = Task::new();
        loop {
            let seen = self.head();
            if seen == last {
                return;
            }
            self.slot.park(&waker);
            if second_look == SecondLook::Taken && self.head() > seen {
                self.slot.take();
                continue;
            }
            task.0.wait();
        }
    }
}

fn append_while_reading(second_look: SecondLook) {
    let log = Log::new();
    let writer = {
        let log = Arc::clone(&log);
        thread::spawn(move || {
            log.append();
            log.append();
        })
    };
    log.read_through(2, second_look);
    writer.join().unwrap();
}

#[test]
fn a_reader_comes_to_all_that_is_appended() {
    model(|| append_while_reading(SecondLook::Taken));
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_the_second_look_a_reader_can_wait_for_ever() {
    model(|| append_while_reading(SecondLook::LeftOut));
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_writer_that_wakes_before_it_appends_can_leave_a_reader_waiting() {
    model(|| {
        let log = Log::new();
        let writer = {
            let log = Arc::clone(&log);
            thread::spawn(move || {
                log.slot.wake();
                *log.head.write().unwrap() += 1;
            })
        };
        log.read_through(1, SecondLook::Taken);
        writer.join().unwrap();
    });
}

#[test]
fn two_who_append_at_once_leave_no_reader_waiting() {
    model(|| {
        let log = Log::new();
        let writers = [(); 2].map(|()| {
            let log = Arc::clone(&log);
            thread::spawn(move || log.append())
        });
        log.read_through(2, SecondLook::Taken);
        for writer in writers {
            writer.join().unwrap();
        }
    });
}

#[test]
fn a_reader_that_has_moved_to_another_task_is_woken_there() {
    model(|| {
        let log = Log::new();
        let writer = {
            let log = Arc::clone(&log);
            thread::spawn(move || {
                log.append();
                log.append();
            })
        };
        let (_, elsewhere) = Task::new();
        log.slot.park(&elsewhere);
        log.read_through(2, SecondLook::Taken);
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
    loop {
        if came(listener) {
            return;
        }
        listener.slot.park(&waker);
        if listener.needs_a_look() {
            listener.slot.take();
            continue;
        }
        task.0.wait();
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
