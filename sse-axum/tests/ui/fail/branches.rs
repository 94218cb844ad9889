// incompatible types
use axum_core::response::IntoResponse;
use sse_axum::{Event, Sse};

fn handler(quiet: bool) -> impl IntoResponse {
    if quiet {
        Sse::new(tokio_stream::empty::<Event>())
    } else {
        Sse::new(tokio_stream::once(Event::new("hello")))
    }
}

fn main() {
    let _ = handler(true).into_response();
}
