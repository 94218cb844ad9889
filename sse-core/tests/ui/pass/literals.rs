use sse_core::{Event, EventId, EventStream, EventType, KeepAlive};

const TICK: EventType = EventType::from_static("tick");
const START: EventId = EventId::from_static("start");
const OFTEN: KeepAlive = KeepAlive::every_secs::<1>();

fn main() {
    let events = [Event::new("a").event(TICK).id(START), Event::new("b").id(42u64)];
    let _ = EventStream::new(tokio_stream::iter(events)).keep_alive(OFTEN);
}
