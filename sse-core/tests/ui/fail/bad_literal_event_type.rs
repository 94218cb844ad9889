// event type must not contain CR or LF
use sse_core::EventType;

const TICK: EventType = EventType::from_static("a\rb");

fn main() {
    println!("{TICK}");
}
