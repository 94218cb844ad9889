//! When each subscription is to be looked at: one that is idle costs nothing until then.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    sync::{Arc, Weak},
};

use super::Namespace;
use crate::{listeners::Listener, sync::lock};

/// Subscriptions by the time at which something may be due.
///
/// Each has one place. What happens to it meanwhile does not move that: it is looked at, and put where it belongs then.
/// Those that have ended go when there are more of them than of the others.
#[derive(Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<Due>>,
    /// How many there are when the ended ones among them are let go.
    swept_at: usize,
}

/// Ended subscriptions that are let stand.
const FEW: usize = 64;

struct Due {
    at: u64,
    listener: Weak<Listener>,
}

impl Agenda {
    pub(super) fn put(&mut self, at: u64, listener: &Arc<Listener>) {
        if self.heap.len() >= self.swept_at {
            let is_live = |it: &Arc<Listener>| !it.is_ended();
            self.heap
                .retain(|it| it.0.listener.upgrade().as_ref().is_some_and(is_live));
            // Twice as many before the next time, so that each costs little.
            self.swept_at = 2 * self.heap.len() + FEW;
            self.heap.shrink_to(self.swept_at);
        }
        let listener = Arc::downgrade(listener);
        self.heap.push(Reverse(Due { at, listener }));
    }

    fn take(&mut self, now: u64) -> Vec<Arc<Listener>> {
        let mut due = Vec::new();
        while self.heap.peek().is_some_and(|next| next.0.at <= now) {
            due.extend(self.heap.pop().and_then(|next| next.0.listener.upgrade()));
        }
        due
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Due {}

impl Namespace {
    /// Looks at those that something may be due for: limits of age, keep-alives. Returns how many they were.
    pub(super) fn look_after(&self, now: u64) -> usize {
        let keep_alive = self.keep_alive();
        let due = lock(&self.agenda).take(now);
        for listener in &due {
            if listener.is_too_old(now) {
                self.fall_behind(listener, now);
            } else if let Some(waker) = keep_alive.and_then(|it| listener.remind(now, it)) {
                waker.wake();
            }
        }
        let mut agenda = lock(&self.agenda);
        for listener in due.iter().filter(|it| !it.is_ended()) {
            agenda.put(listener.next_look(now, keep_alive), listener);
        }
        due.len()
    }

    /// Enters a new subscription.
    pub(super) fn put_on_agenda(&self, listener: &Arc<Listener>) {
        let at = listener.next_look(self.clock.millis(), self.keep_alive());
        lock(&self.agenda).put(at, listener);
    }

    fn keep_alive(&self) -> Option<u64> {
        let interval = self.options.keep_alive?;
        Some(u64::try_from(interval.as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
        time::Duration,
    };

    use tokio_stream::Stream as _;

    use super::{Due, FEW, Reverse, lock};
    use crate::{Clock, Event, Hub, Subscription};

    pub(in crate::namespace) fn at_once<T>(future: impl IntoFuture<Output = T>) -> T {
        let future = pin!(future.into_future());
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ready) => ready,
            Poll::Pending => panic!("the memory provider never waits"),
        }
    }

    fn read(subscription: &mut Subscription) -> usize {
        let mut cx = Context::from_waker(Waker::noop());
        let mut subscription = pin!(subscription);
        let next = || match subscription.as_mut().poll_next(&mut cx) {
            Poll::Ready(batch) => batch,
            Poll::Pending => None,
        };
        std::iter::from_fn(next).count()
    }

    #[test]
    fn subscriptions_that_come_and_go_leave_nothing_behind() {
        let hub = Hub::builder().clock(Clock::manual()).no_keep_alive();
        let hub = hub.build();
        let stays = at_once(hub.subscribe("a")).unwrap();
        for _ in 0..1_000 {
            drop(at_once(hub.subscribe("a")).unwrap());
            let agenda = lock(&hub.namespace.agenda);
            assert!(agenda.heap.len() <= 2 * FEW, "{}", agenda.heap.len());
        }
        assert!(stays.handle().is_live());
        let agenda = lock(&hub.namespace.agenda);
        let is_there = |it: &Reverse<Due>| it.0.listener.upgrade().is_some();
        assert!(agenda.heap.iter().any(is_there));
    }

    #[test]
    fn an_idle_subscription_is_looked_at_once_for_each_keep_alive() {
        const IDLE: usize = 1000;
        let clock = Clock::manual();
        let hub = Hub::builder().clock(clock.clone());
        let hub = hub.keep_alive(Duration::from_secs(14)).build();
        let mut idle: Vec<_> = (0..IDLE)
            .map(|_| at_once(hub.subscribe("idle")).unwrap())
            .collect();
        let mut busy = at_once(hub.subscribe("busy")).unwrap();
        assert!(idle.iter_mut().all(|it| read(it) == 1));
        let mut looked_at = 0;
        for quarter in 1..=(14 * 4) {
            assert!(looked_at <= 1, "{looked_at} were looked at");
            at_once(hub.publish("busy", Event::new("x"))).unwrap();
            clock.advance(Duration::from_millis(250));
            looked_at += hub.tick();
            read(&mut busy);
            assert!(quarter < 56 || looked_at >= IDLE);
        }
        assert!(idle.iter_mut().all(|it| read(it) == 1));
        assert_eq!(hub.tick(), 0);
    }
}
