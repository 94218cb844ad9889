use actix_web::Responder;
use sse_actix::{Event, Sse};

fn handler(quiet: bool) -> impl Responder {
    if quiet {
        Sse::new(tokio_stream::empty::<Event>()).boxed()
    } else {
        Sse::new(tokio_stream::once(Event::new("hello"))).boxed()
    }
}

fn main() {
    let _ = handler(true);
}
