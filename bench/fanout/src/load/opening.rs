//! Connecting thousands, so many at a time.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use mio::{Interest, Token};

use super::{Load, PATIENCE, Reads, Subscriber, Subscription};

/// How the connections came about.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// The longest that a connection took to stand.
    pub slowest_connect: Duration,
}

impl Load {
    /// Subscribes all, at most `at_once` of them without a response, and waits for every head.
    ///
    /// # Errors
    ///
    /// A connection fails, or a response is no event stream.
    pub fn subscribe(
        &mut self,
        subscriptions: impl IntoIterator<Item = Subscription>,
        at_once: usize,
    ) -> Result<Opening> {
        let first = self.subscribers.len();
        let mut subscriptions = subscriptions.into_iter().peekable();
        let (mut last, mut seen) = (Instant::now(), self.open);
        while self.open < self.subscribers.len() || subscriptions.peek().is_some() {
            let room = at_once.saturating_sub(self.subscribers.len() - self.open);
            for subscription in subscriptions.by_ref().take(room) {
                self.connect(subscription)?;
            }
            self.turn(Duration::from_secs(1))?;
            if self.open > seen {
                (last, seen) = (Instant::now(), self.open);
            } else if last.elapsed() > PATIENCE {
                bail!(
                    "{} of {} have no response",
                    self.subscribers.len() - self.open,
                    self.subscribers.len()
                );
            }
        }
        let new = &self.subscribers[first..];
        Ok(Opening {
            slowest_connect: new
                .iter()
                .filter_map(Subscriber::connected)
                .max()
                .unwrap_or_default(),
        })
    }

    /// Subscribes each at its time, and waits for every head; returns when each began, and how many were not served.
    ///
    /// # Errors
    ///
    /// A response is no event stream.
    pub fn subscribe_at(
        &mut self,
        mut times: Vec<(Instant, Subscription)>,
    ) -> Result<(Vec<Instant>, usize)> {
        times.sort_by_key(|&(at, _)| at);
        let mut began = Vec::with_capacity(times.len());
        let mut times = times.into_iter().peekable();
        let last = times.peek().map_or_else(Instant::now, |&(at, _)| at);
        let mut deadline = last + PATIENCE;
        while times.peek().is_some() || self.open < self.subscribers.len() {
            let now = Instant::now();
            while let Some((at, subscription)) = times.next_if(|&(at, _)| at <= now) {
                self.connect(subscription)?;
                began.push(Instant::now());
                deadline = at + PATIENCE;
            }
            if now > deadline && times.peek().is_none() {
                break;
            }
            let next = times.peek().map_or(now + PATIENCE, |&(at, _)| at);
            let wait = next.saturating_duration_since(now);
            // A poll waits for whole milliseconds.
            self.turn(wait.min(Duration::from_millis(100)))?;
        }
        Ok((began, self.subscribers.len() - self.open))
    }

    fn connect(&mut self, subscription: Subscription) -> Result<()> {
        if subscription.reads == Reads::Always {
            self.record.add_reader(subscription.topic);
        }
        let mut subscriber = Subscriber::connect(self.target.address, subscription)?;
        let token = Token(self.subscribers.len());
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(&mut subscriber.socket, token, interest)?;
        self.subscribers.push(subscriber);
        Ok(())
    }

    /// Closes every subscriber; those that come next are others.
    pub fn close_subscribers(&mut self) {
        self.subscribers.clear();
        self.open = 0;
        self.record.forget_readers();
    }

    /// Waits until every reading subscriber has all of its topic.
    ///
    /// # Errors
    ///
    /// One does not get on, or gets what it should not.
    pub fn catch_up(&mut self) -> Result<()> {
        let (mut last, mut seen) = (Instant::now(), self.record.deliveries);
        loop {
            let behind = |subscriber: &&Subscriber| {
                subscriber.subscription.reads == Reads::Always
                    && subscriber.place < self.record.end(subscriber.subscription.topic)
            };
            let Some(subscriber) = self.subscribers.iter().find(behind) else {
                return Ok(());
            };
            if last.elapsed() > PATIENCE {
                bail!(
                    "a subscriber stays at event {} of {}",
                    subscriber.place,
                    self.record.end(subscriber.subscription.topic)
                );
            }
            self.turn(Duration::from_secs(1))?;
            if self.record.deliveries > seen {
                (last, seen) = (Instant::now(), self.record.deliveries);
            }
        }
    }
}
