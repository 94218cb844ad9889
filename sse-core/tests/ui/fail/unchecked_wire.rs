// the trait bound `EncodedEvent: From<
use sse_core::{Bytes, EncodedEvent};

fn main() {
    let wire = Bytes::from_static(b"data: a\nid: b\n\n");
    let _: EncodedEvent = wire.into();
}
