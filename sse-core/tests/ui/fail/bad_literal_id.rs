// id must not contain CR, LF or NUL
use sse_core::EventId;

const ID: EventId = EventId::from_static("a\nb");

fn main() {
    println!("{ID}");
}
