//! Every left-hand side of the README's last table, compiled.

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use tokio_stream::{StreamExt, once};
use warp::sse::Event;

pub(crate) fn rows(
    text: &'static str,
    number: u64,
    name: &'static str,
    configured: Duration,
) -> Result<(), Box<dyn Error>> {
    let value = vec![number];
    let stream = once(Event::default());
    let _ = warp::sse::reply(stream.map(Ok::<_, Infallible>));
    let stream = once(Ok::<_, Infallible>(Event::default()));
    let _ = warp::sse::reply(warp::sse::keep_alive().stream(stream));
    let stream = once(Ok::<_, Infallible>(Event::default()));
    let kept = warp::sse::keep_alive()
        .interval(Duration::from_secs(5))
        .stream(stream);
    let _ = warp::sse::reply(kept);
    let _ = warp::sse::keep_alive().interval(configured);
    let _ = warp::sse::keep_alive().text("hi");
    let _ = warp::sse::last_event_id::<String>();
    let event = Event::default().json_data(&value)?;
    drop(value);
    let event = event.event("tick");
    let _ = event.id(number.to_string());
    let event = Event::default().data(text);
    let event = event.event(name);
    let id = name;
    let event = event.id(id);
    let event = event.retry(Duration::from_secs(3));
    let _ = event.comment(text);
    Ok(())
}
