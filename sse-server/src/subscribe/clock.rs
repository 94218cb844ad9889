use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// When a stream that is silent has to do something.
///
/// One timer, made when the stream first waits, and not touched by events: an instant moves, and the timer follows when it fires.
#[derive(Debug)]
pub(super) struct Clock {
    started: Instant,
    last: Instant,
    keep_alive: Option<Duration>,
    age: Option<Duration>,
    sleep: Option<Pin<Box<Sleep>>>,
}

/// What is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Due {
    /// Nothing was sent for the interval.
    KeepAlive,
    /// The stream is as old as it may get.
    Age,
}

impl Clock {
    pub(super) fn new(keep_alive: Option<Duration>, age: Option<Duration>) -> Self {
        let now = Instant::now();
        Self {
            started: now,
            last: now,
            keep_alive,
            age,
            sleep: None,
        }
    }

    /// Notes that something was sent.
    pub(super) fn touch(&mut self) {
        if self.keep_alive.is_some() {
            self.last = Instant::now();
        }
    }

    /// Returns how old the stream is.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn next(&self) -> Option<(Instant, Due)> {
        let after = |start: Instant, time: Option<Duration>, due| {
            time.and_then(|time| Some((start.checked_add(time)?, due)))
        };
        let age = after(self.started, self.age, Due::Age);
        let silence = after(self.last, self.keep_alive, Due::KeepAlive);
        [age, silence]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }

    /// Waits for what is due next; for ever if nothing ever is.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        loop {
            let Some((at, due)) = self.next() else {
                return Poll::Pending;
            };
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
            if sleep.deadline() > at {
                sleep.as_mut().reset(at);
            }
            ready!(sleep.as_mut().poll(cx));
            if at <= Instant::now() {
                if due == Due::KeepAlive {
                    self.touch();
                }
                return Poll::Ready(due);
            }
            sleep.as_mut().reset(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_is_counted_from_the_last_event_and_age_from_the_first() {
        let secs = |secs| Some(Duration::from_secs(secs));
        let start = Instant::now();
        let mut clock = Clock::new(secs(10), secs(35));
        let mut due = Vec::new();
        for _ in 0..4 {
            let next = poll_fn(|cx| clock.poll(cx)).await;
            due.push((start.elapsed().as_secs(), next));
            if due.len() == 1 {
                tokio::time::advance(Duration::from_secs(5)).await;
                clock.touch();
            }
        }
        let expected = [
            (10, Due::KeepAlive),
            (25, Due::KeepAlive),
            (35, Due::Age),
            (35, Due::Age),
        ];
        assert_eq!(due, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn without_intervals_it_waits_for_ever() {
        let mut clock = Clock::new(None, None);
        let due = poll_fn(|cx| clock.poll(cx));
        let hour = Duration::from_secs(3600);
        assert!(tokio::time::timeout(hour, due).await.is_err());
    }
}
