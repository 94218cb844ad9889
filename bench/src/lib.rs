#![forbid(unsafe_code)]
//! Measures the event stream codec beside other crates and beside the physical limits.

pub mod blocks;
pub mod callgrind;
pub mod chunks;
pub mod clock;
pub mod codec;
pub mod decode_cells;
pub mod decoders;
pub mod encode_rows;
pub mod encoders;
pub mod growth;
pub mod heap;
pub mod inputs;
pub mod options;
pub mod report;
pub mod round_trip;
pub mod rounds;
pub mod sink;
pub mod sizing;
pub mod smoke;
pub mod spread;
pub mod targets;
