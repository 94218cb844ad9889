//! What was published and who has got how much of it: every delivery is checked against this.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::latency::Latency;

/// Number of an event, as its data says.
pub(crate) type Number = u32;

/// Everything that was published, and the order of each topic.
#[derive(Debug)]
pub(crate) struct Record {
    began: Instant,
    order: Order,
    topics: Vec<Topic>,
    sent: Vec<Sent>,
    /// Of all deliveries since it was taken last.
    pub(crate) latency: Latency,
    pub(crate) deliveries: u64,
    /// Events that every reading subscriber has.
    pub(crate) complete: usize,
}

/// Where the order of a topic comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// One publisher: the order in which it wrote.
    Written,
    /// Several: what the first subscriber got, if it keeps the order of each publisher.
    FirstSeen,
}

#[derive(Clone, Debug, Default)]
struct Topic {
    readers: u32,
    order: Vec<Number>,
    /// How many readers have the event at each place.
    taken: Vec<u32>,
    /// By publisher: its newest event in the order.
    newest: Vec<Option<Number>>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    at: Duration,
    topic: u32,
    publisher: u16,
    is_placed: bool,
    /// Whether all who read its topic have it, those who come later aside.
    is_complete: bool,
}

impl Record {
    pub(crate) fn new(topics: usize, publishers: usize) -> Self {
        let topic = Topic {
            newest: vec![None; publishers],
            ..Topic::default()
        };
        Self {
            began: Instant::now(),
            order: match publishers {
                1 => Order::Written,
                _ => Order::FirstSeen,
            },
            topics: vec![topic; topics],
            sent: Vec::new(),
            latency: Latency::default(),
            deliveries: 0,
            complete: 0,
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn add_reader(&mut self, topic: u32) {
        self.topics[topic as usize].readers += 1;
    }

    pub(crate) fn forget_readers(&mut self) {
        self.topics.iter_mut().for_each(|topic| topic.readers = 0);
    }

    pub(crate) fn readers(&self, topic: u32) -> u32 {
        self.topics[topic as usize].readers
    }

    pub(crate) fn topics(&self) -> usize {
        self.topics.len()
    }

    pub(crate) fn sent(&self) -> usize {
        self.sent.len()
    }

    /// Events in the order of a topic so far.
    pub(crate) fn end(&self, topic: u32) -> usize {
        self.topics[topic as usize].order.len()
    }

    /// Notes an event that is about to be written.
    pub(crate) fn send(&mut self, topic: u32, publisher: u16) -> Number {
        let number = self.sent.len() as Number;
        let is_placed = self.order == Order::Written;
        self.sent.push(Sent {
            at: self.began.elapsed(),
            topic,
            publisher,
            is_placed,
            is_complete: self.topics[topic as usize].readers == 0,
        });
        let topic = &mut self.topics[topic as usize];
        if is_placed {
            topic.order.push(number);
            topic.taken.push(0);
        }
        self.complete += usize::from(topic.readers == 0);
        number
    }

    /// Notes that a reader has an event, at a place of its topic.
    ///
    /// # Errors
    ///
    /// The event belongs at another place: one was lost, doubled or moved.
    pub(crate) fn deliver(
        &mut self,
        topic: u32,
        place: usize,
        number: Number,
        now: Duration,
    ) -> Result<()> {
        self.check(topic, place, number)?;
        let topic = &mut self.topics[topic as usize];
        let sent = &mut self.sent[number as usize];
        self.latency
            .add(now.saturating_sub(sent.at).as_nanos() as u64);
        self.deliveries += 1;
        topic.taken[place] += 1;
        if topic.taken[place] == topic.readers && !sent.is_complete {
            sent.is_complete = true;
            self.complete += 1;
        }
        Ok(())
    }

    /// The same check for one that is not counted on: it may stop anywhere.
    pub(crate) fn check(&mut self, topic: u32, place: usize, number: Number) -> Result<()> {
        let order = &self.topics[topic as usize].order;
        match order.get(place) {
            Some(&expected) if expected == number => Ok(()),
            Some(&expected) => bail!("event {expected} should come, and {number} came"),
            None if self.order == Order::FirstSeen => self.place(topic, number),
            None => bail!("all were there, and event {number} came"),
        }
    }

    fn place(&mut self, topic: u32, number: Number) -> Result<()> {
        let Some(sent) = self.sent.get_mut(number as usize) else {
            bail!("event {number} was never published");
        };
        if sent.topic != topic {
            bail!(
                "event {number} of topic {} came to topic {topic}",
                sent.topic
            );
        }
        if sent.is_placed {
            bail!("event {number} came twice");
        }
        sent.is_placed = true;
        let topic = &mut self.topics[topic as usize];
        let newest = &mut topic.newest[usize::from(sent.publisher)];
        if newest.is_some_and(|newest| newest > number) {
            bail!("event {number} came after a later one of its publisher");
        }
        *newest = Some(number);
        topic.order.push(number);
        topic.taken.push(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_publishers_may_mix_but_all_subscribers_see_one_order() {
        let mut record = Record::new(1, 2);
        record.add_reader(0);
        record.add_reader(0);
        let (first, second) = (record.send(0, 0), record.send(0, 1));
        let now = record.now();
        record.deliver(0, 0, second, now).unwrap();
        record.deliver(0, 1, first, now).unwrap();
        assert_eq!(record.complete, 0);
        record.deliver(0, 0, second, now).unwrap();
        assert!(record.check(0, 1, second).is_err(), "doubled");
        record.deliver(0, 1, first, now).unwrap();
        assert_eq!((record.complete, record.deliveries), (2, 4));
        assert!(record.check(0, 2, first).is_err(), "doubled at the end");
    }

    #[test]
    fn the_order_of_one_publisher_is_kept() {
        let mut record = Record::new(1, 2);
        record.add_reader(0);
        let (first, second) = (record.send(0, 1), record.send(0, 1));
        record.check(0, 0, second).unwrap();
        assert!(record.check(0, 1, first).is_err());
    }

    #[test]
    fn a_lost_event_shows_at_the_next() {
        let mut record = Record::new(2, 1);
        record.add_reader(0);
        let (_, second) = (record.send(0, 0), record.send(0, 0));
        assert!(record.check(0, 0, second).is_err());
        assert!(record.check(1, 0, 0).is_err(), "of another topic");
    }
}
