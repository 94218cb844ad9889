#![forbid(unsafe_code)]
//! Measures the event stream codec beside other crates and beside the physical limits.

pub mod chunks;
pub mod clock;
pub mod decode_cells;
pub mod decoders;
pub mod encode_rows;
pub mod encoders;
pub mod inputs;
pub mod rounds;
pub mod sink;
pub mod sizing;
pub mod smoke;
pub mod spread;
