#![forbid(unsafe_code)]
//! Measures servers that deliver one event to thousands of connections, and has peers to measure.

pub mod allocations;
pub mod arguments;
pub mod cores;
pub mod figures;
pub mod floor;
pub mod latency;
pub mod load;
pub mod meter;
pub mod nchan;
pub mod options;
pub mod process;
pub mod programs;
pub mod report;
pub mod results;
pub mod run;
pub mod scenarios;
pub mod servers;
pub mod smoke;
pub mod spread;
pub mod stress;
pub mod system_calls;
pub mod targets;
mod warnings;
