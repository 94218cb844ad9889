// stream items must be `Event`, `EncodedEvent`, `EncodedBatch` or a `Result` of one of them
use sse_hyper::Sse;

fn main() {
    let _ = Sse::new(tokio_stream::iter(["text".to_string()]));
}
