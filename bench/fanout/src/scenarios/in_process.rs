//! Publishing without sockets: one event to each of very many topics with one subscriber.

mod hub;
mod instructions;

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

pub use hub::SseHub;
pub use instructions::{PUBLISH_ONCE, publish_once};

/// Few topics to compare with.
const FEW: usize = 10;
/// What a publication may cost among very many topics, as a multiple of what it costs among few.
const TARGET: f64 = 1.2;

/// Measures the hub, and says how much more a publication costs among very many topics than among few,
/// and whether that is as little as it has to be; where it cannot be counted, nothing is missed.
///
/// # Errors
///
/// An event is lost or doubled.
pub fn report() -> Result<(String, bool)> {
    let mut text = String::from(
        "INPROCESS   one event to each of 100,000 topics with one subscriber, without sockets\n\n",
    );
    let cost = once(&mut SseHub::new(TOPICS)?, TOPICS)?;
    writeln!(
        text,
        "  publish {:?}, take {:?} an event",
        cost.publish, cost.take
    )?;
    let mut is_met = true;
    match (instructions::each(FEW), instructions::each(TOPICS)) {
        (Ok(few), Ok(many)) => {
            let ratio = many / few;
            is_met = ratio <= TARGET;
            let verdict = if is_met { "met" } else { "MISSED" };
            writeln!(
                text,
                "  instructions per publication: {few:.0} among {FEW} topics, {many:.0} among {TOPICS}: {ratio:.2}  ≤ {TARGET}  {verdict}"
            )?;
        }
        (few, many) => {
            let reason = few
                .and(many)
                .err()
                .map_or_else(String::new, |error| format!("{error:#}"));
            writeln!(text, "  instructions: not counted: {reason}")?;
        }
    }
    Ok((text, is_met))
}

/// Topics of `inprocess`, each with one subscriber.
pub const TOPICS: usize = 100_000;

/// A library that is measured in this process.
pub trait Engine {
    /// Publishes one event to the topic of this number.
    fn publish(&mut self, topic: usize) -> Result<()>;

    /// Takes all that lies ready for the only subscriber of a topic, and counts its events.
    fn take(&mut self, topic: usize) -> Result<usize>;
}

/// What one event cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub publish: Duration,
    pub take: Duration,
}

/// Publishes one event to each topic, then takes it, and checks that it was one.
///
/// # Errors
///
/// A subscriber has none or several.
pub fn once(engine: &mut impl Engine, topics: usize) -> Result<Cost> {
    let began = Instant::now();
    for topic in 0..topics {
        engine.publish(topic)?;
    }
    let publish = began.elapsed();
    let began = Instant::now();
    for topic in 0..topics {
        let taken = engine.take(topic)?;
        if taken != 1 {
            bail!("topic {topic} had {taken} events, not 1");
        }
    }
    let count = topics as u32;
    Ok(Cost {
        publish: publish / count,
        take: began.elapsed() / count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loses the events of topic 3, if it is to.
    struct Queues(Vec<usize>, Option<usize>);

    impl Engine for Queues {
        fn publish(&mut self, topic: usize) -> Result<()> {
            self.0[topic] += usize::from(self.1 != Some(topic));
            Ok(())
        }

        fn take(&mut self, topic: usize) -> Result<usize> {
            Ok(std::mem::take(&mut self.0[topic]))
        }
    }

    #[test]
    fn an_event_that_is_lost_is_an_error() {
        assert!(once(&mut Queues(vec![0; 10], None), 10).is_ok());
        assert!(once(&mut Queues(vec![0; 10], Some(3)), 10).is_err());
    }
}
