use std::rc::Rc;

use actix_web::Responder;
use sse_actix::{Event, Sse};

async fn handler() -> impl Responder {
    let text: Rc<str> = Rc::from("hello");
    let events = std::iter::from_fn(move || Some(Event::new(text.to_string())));
    Sse::new(tokio_stream::iter(events))
}

fn main() {
    let _ = actix_web::App::new().route("/events", sse_actix::route().to(handler));
}
