use std::rc::Rc;

use sse_hyper::{Event, response};

fn main() {
    let text: Rc<str> = Rc::from("hello");
    let events = std::iter::from_fn(move || Some(Event::new(text.to_string())));
    let _ = response(tokio_stream::iter(events));
}
