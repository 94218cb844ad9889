//! A hub under test, without sockets: what happens to it is recorded, and an oracle judges the record.
//!
//! A seed decides on a hub and on everything that is done to it ([`run_seed`]); [`check`] proves on the record
//! order, no duplicates, no loss without a gap, that what was acknowledged is there, that everyone is woken,
//! and that nothing is held for those who have left. [`Fault`]s planted in providers and readers show that it would see it.

#![expect(
    clippy::cast_possible_truncation,
    reason = "numbers of a test, all small"
)]

mod client;
mod coverage;
mod delayed;
mod dice;
mod fault;
mod faulty_provider;
mod finale;
mod matching;
mod on_disk;
mod oracle;
mod plan;
mod publisher;
mod reader;
mod record;
mod recorded;
mod replay;
mod stress;
mod subscriber;
mod tck;
mod world;

pub use coverage::Coverage;
pub use delayed::Delayed;
#[cfg(feature = "client")]
pub(crate) use dice::Dice;
pub use fault::Fault;
pub use oracle::{Violation, check};
pub use plan::Engine;
pub use record::{Answer, Happened, MayLag, Record, Refusal, Rules, Wish};
pub use stress::{Outcome, run_seed, stress, tell_seed};
pub use tck::{Candidate, RULES, Rule};
