// `Rc<str>` cannot be sent between threads safely
use std::rc::Rc;

use warp::Reply;
use sse_warp::{Event, Sse};

fn handler() -> impl Reply {
    let text: Rc<str> = Rc::from("hello");
    let events = std::iter::from_fn(move || Some(Event::new(text.to_string())));
    Sse::new(tokio_stream::iter(events))
}

fn main() {
    let _ = handler().into_response();
}
