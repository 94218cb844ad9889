//! From values to bytes.

mod batch;
mod encoded_event;
mod encoder;
mod guarded;
mod lines;
mod sink;

pub use batch::EncodedBatch;
pub use encoded_event::{EncodedEvent, InvalidWire};
pub use encoder::{Encoder, FieldOrder, LineEnd};
pub use sink::Sink;
