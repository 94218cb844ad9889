//! Where every contender's events go, so that all do the same work with them.

use std::{hint::black_box, ops};

/// Receives each event that a decoder yields.
pub trait Sink {
    fn event(&mut self, event_type: &str, data: &str, id: &str);
}

/// Counts events and bytes; used while the clock runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub events: u64,
    pub bytes: u64,
}

/// Keeps each event; used to compare contenders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected(pub Vec<Seen>);

/// What a contender reported for one event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub event_type: String,
    pub data: String,
    pub id: String,
}

impl Sink for Tally {
    #[inline]
    fn event(&mut self, event_type: &str, data: &str, id: &str) {
        // The address keeps the text from being optimised away, the lengths are kept by the sum.
        black_box((event_type.as_ptr(), data.as_ptr(), id.as_ptr()));
        self.events += 1;
        self.bytes += (event_type.len() + data.len() + id.len()) as u64;
    }
}

impl Sink for Collected {
    fn event(&mut self, event_type: &str, data: &str, id: &str) {
        self.0.push(Seen {
            event_type: event_type.to_owned(),
            data: data.to_owned(),
            id: id.to_owned(),
        });
    }
}

impl ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.bytes += other.bytes;
    }
}
