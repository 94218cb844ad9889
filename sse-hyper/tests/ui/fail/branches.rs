// mismatched types
use http_body::Body;
use sse_hyper::{Event, Sse};

fn handler(quiet: bool) -> http::Response<impl Body> {
    if quiet {
        Sse::new(tokio_stream::empty::<Event>()).into_response()
    } else {
        Sse::new(tokio_stream::once(Event::new("hello"))).into_response()
    }
}

fn main() {
    let _ = handler(true);
}
