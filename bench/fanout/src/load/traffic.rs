//! Publishing at a pace, until it is enough and all of it has arrived.

use std::{
    mem,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use super::{Load, PATIENCE};
use crate::latency::Latency;

/// What is published, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Traffic {
    pub pace: Pace,
    pub until: Until,
}

/// When the next event is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// While fewer than so many are on their way to any reader; 1 is lockstep.
    InFlight(usize),
    PerSecond(u32),
    /// As soon as a publisher has its answer.
    Burst,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    Elapsed(Duration),
    Events(usize),
}

/// What was delivered.
#[derive(Clone, Debug)]
pub struct Phase {
    pub deliveries: u64,
    pub elapsed: Duration,
    pub latency: Latency,
}

impl Load {
    /// Publishes over all topics in turn and waits until every reader has everything.
    ///
    /// # Errors
    ///
    /// A delivery is lost, doubled or out of order; a reader is cut; the count of subscribers that
    /// the server answers with is wrong.
    pub fn run(&mut self, traffic: Traffic) -> Result<Phase> {
        let began = Instant::now();
        let first = self.record.sent();
        self.record.latency = Latency::default();
        let before = self.record.deliveries;
        let mut stalled = (began, self.record.deliveries);
        loop {
            let published = self.record.sent() - first;
            let is_enough = match traffic.until {
                Until::Elapsed(limit) => began.elapsed() >= limit,
                Until::Events(events) => published >= events,
            };
            let room = if is_enough {
                0
            } else {
                self.room(traffic, began, published)
            };
            for _ in 0..room.min(self.idle.len()) {
                let topic = (self.record.sent() % self.record.topics()) as u32;
                self.publish(topic)?;
            }
            let all_arrived = self.record.complete == self.record.sent();
            if is_enough && all_arrived && self.idle.len() == self.publishers.len() {
                break;
            }
            self.turn(wait(traffic.pace, began, self.record.sent() - first))?;
            if self.record.deliveries > stalled.1 {
                stalled = (Instant::now(), self.record.deliveries);
            } else if stalled.0.elapsed() > PATIENCE {
                let missing = self.record.sent() - self.record.complete;
                bail!("nothing arrived for {PATIENCE:?}; {missing} events are not everywhere");
            }
        }
        self.check_receipt()?;
        Ok(Phase {
            deliveries: self.record.deliveries - before,
            elapsed: began.elapsed(),
            latency: mem::take(&mut self.record.latency),
        })
    }

    fn room(&self, traffic: Traffic, began: Instant, published: usize) -> usize {
        let most = match traffic.until {
            Until::Events(events) => events - published,
            Until::Elapsed(_) => usize::MAX,
        };
        let room = match traffic.pace {
            Pace::InFlight(limit) => {
                limit.saturating_sub(self.record.sent() - self.record.complete)
            }
            Pace::PerSecond(rate) => usize::from(began.elapsed() >= due(rate, published)),
            Pace::Burst => usize::MAX,
        };
        room.min(most)
    }

    /// The last answer tells how many the server believes to serve.
    fn check_receipt(&mut self) -> Result<()> {
        let Some(receipt) = self.last_receipt.take() else {
            return Ok(());
        };
        // All topics have as many readers; those who stopped may have been cut.
        let readers = self.record.readers(0);
        let all = self.subscribers.len() / self.record.topics();
        let is_right = (readers..=all as u32).contains(&receipt.subscribers);
        if is_right {
            Ok(())
        } else {
            bail!(
                "published to {} subscribers, and there are {readers}",
                receipt.subscribers
            )
        }
    }
}

fn due(rate: u32, published: usize) -> Duration {
    Duration::from_secs(published as u64) / rate
}

fn wait(pace: Pace, began: Instant, published: usize) -> Duration {
    match pace {
        Pace::PerSecond(rate) => due(rate, published).saturating_sub(began.elapsed()),
        _ => Duration::from_secs(1),
    }
}
