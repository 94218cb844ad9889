// borrowed data escapes outside of function
use axum_core::response::{IntoResponse, Response};
use sse_axum::{Event, Sse};

fn handler(names: &[String]) -> Response {
    let events = names.iter().map(|name| Event::new(name.clone()));
    Sse::new(tokio_stream::iter(events)).into_response()
}

fn main() {
    handler(&[]);
}
