//! A client that reads from a hub through a network that fails, for as many seeds as are wanted.
//!
//! A seed decides on the hub, the transport, what is published and what fails when; sockets and threads take their own
//! time, so a seed that is run again meets the same troubles at other moments.
//! Judged is what a client must never get wrong: with retention beyond the run the exact sequence and no gap;
//! with small retention a gap exactly where entries are missing. [`Planted`] mistakes show that it would be seen.

mod course;
mod family;
mod faulty_transport;
mod hub_server;
mod log;
mod planted;
mod progress;
mod reader;
mod run;
mod tally;
mod text;
mod transport;
mod verdict;
mod watched;

pub use family::Family;
pub use planted::Planted;
pub use run::{Outcome, run_seed, soak};
pub use tally::Tally;
pub use verdict::Violation;
