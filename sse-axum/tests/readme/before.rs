//! Every left-hand side of the README's last table, compiled.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use tokio_stream::{StreamExt, once};

pub(crate) fn rows(
    text: &'static str,
    number: u64,
    name: &'static str,
    configured: Duration,
) -> Result<(), axum::Error> {
    let value = vec![number];
    let stream = once(Event::default());
    let _ = Sse::new(stream.map(Ok::<_, Infallible>)).keep_alive(KeepAlive::default());
    let _ = KeepAlive::new().interval(Duration::from_secs(5));
    let _ = KeepAlive::new().interval(configured);
    let _ = KeepAlive::new().text("hi");
    let event = Event::DEFAULT_KEEP_ALIVE;
    let _ = KeepAlive::new().event(event);
    let event = Event::default();
    let _ = event.event("tick");
    let event = Event::default();
    let _ = event.id(number.to_string());
    let _ = Event::default().json_data(&value)?;
    drop(value);
    let event = Event::default().data(text);
    let event = event.event(name);
    let id = name;
    let event = event.id(id);
    let event = event.retry(Duration::from_secs(3));
    let _ = event.comment(text);
    Ok(())
}
