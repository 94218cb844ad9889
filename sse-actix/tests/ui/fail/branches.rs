// incompatible types
use actix_web::Responder;
use sse_actix::{Event, Sse};

fn handler(quiet: bool) -> impl Responder {
    if quiet {
        Sse::new(tokio_stream::empty::<Event>())
    } else {
        Sse::new(tokio_stream::once(Event::new("hello")))
    }
}

fn main() {
    let _ = handler(true);
}
