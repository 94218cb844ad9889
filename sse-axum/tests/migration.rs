//! Every right-hand side of the README's migration table, compiled.

use std::time::Duration;

use sse_axum::{Event, EventType, KeepAlive, Sse};

const TICK: EventType = EventType::from_static("tick");

/// What is said beside a snippet, and not code.
const REMARKS: [&str; 2] = ["nothing: it is on", ", a constant"];

fn rows(text: &str, number: u64, value: &[u8], configured: Duration) -> Result<(), Box<dyn std::error::Error>> {
    let (name, event) = ("tock", Event::empty());
    let stream = tokio_stream::once(Event::empty());
    let _ = Sse::new(stream);
    let _ = KeepAlive::every_secs::<5>();
    let _ = KeepAlive::every(configured)?;
    let _ = KeepAlive::default().comment("hi");
    let _ = KeepAlive::default().event(event);
    let event = Event::new(text);
    let event = event.event(TICK);
    let event = event.try_event(name)?;
    let event = event.try_id(text)?;
    let event = event.id(number);
    let event = event.retry(Duration::from_secs(3));
    let event = event.comment(text);
    let _ = event;
    let _ = Event::json(&value)?;
    Ok(())
}
