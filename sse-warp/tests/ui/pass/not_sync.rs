use std::cell::Cell;

use sse_warp::{Event, reply};
use warp::{Filter, Reply};

fn events() -> impl Reply {
    let count = Cell::new(0u64);
    let events = std::iter::from_fn(move || Some(Event::new("tick").id(count.replace(count.get() + 1))));
    reply(tokio_stream::iter(events))
}

fn main() {
    let _ = warp::path("events").and(warp::get()).map(events);
}
