// stream items must be `Event`, `EncodedEvent`, `EncodedBatch` or a `Result` of one of them
use sse_core::EventStream;

fn main() {
    let _ = EventStream::new(tokio_stream::iter(["text"]));
}
