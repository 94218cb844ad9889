// incompatible types
use warp::Reply;
use sse_warp::{Event, Sse};

fn handler(quiet: bool) -> impl Reply {
    if quiet {
        Sse::new(tokio_stream::empty::<Event>())
    } else {
        Sse::new(tokio_stream::once(Event::new("hello")))
    }
}

fn main() {
    let _ = handler(true).into_response();
}
