// the trait `From<String>` is not implemented for `sse_core::EventId`
use sse_core::Event;

fn main() {
    let from_user = String::from("a\nb");
    let _ = Event::new("data").id(from_user);
}
