//! Every right-hand side of the README's tables, compiled, and every left-hand side of the last one.

use std::error::Error;
use std::time::Duration;

use axum_core::response::{IntoResponse, Response};
use sse_axum::{
    AcceptsEventStream, Event, EventType, KeepAlive, LastEventId, OnError, Sse, no_content,
};
use tokio_stream::{Once, once};

#[path = "../../sse-core/tests/shared/readme_rows.rs"]
mod readme_rows;

#[path = "readme/before.rs"]
mod before;

const TICK: EventType = EventType::from_static("tick");

#[test]
fn every_row_of_the_readme_compiles() {
    readme_rows::check(include_str!("../README.md"), include_str!("readme.rs"));
    readme_rows::check_left(
        include_str!("../README.md"),
        include_str!("readme/before.rs"),
    );
}

#[tokio::test]
async fn what_the_readme_proposes_runs() {
    configure().await.unwrap();
    rows("a\nb", 7, "tock", Duration::from_secs(1)).unwrap();
    assert_eq!(stop().status(), 204);
    let _: axum::routing::MethodRouter = axum::routing::get(negotiated);
    before::rows("a", 7, "tock", Duration::from_secs(1)).unwrap();
}

async fn configure() -> Result<Response, std::io::Error> {
    let hub = Hub(Event::new("a"));
    Ok(Sse::lazy(move || hub.subscribe())
        .keep_alive(KeepAlive::every_secs::<5>().comment("still here"))
        .on_error(OnError::event(|error| Event::new(error.to_string())))
        .on_end(|end| println!("{:?}, {} events", end.reason, end.events))
        .await_first(Duration::from_secs(2))
        .await?
        .boxed()
        .into_response())
}

async fn negotiated(_: AcceptsEventStream, _: Option<LastEventId>) -> Sse<Once<Event>> {
    Sse::new(once(Event::new("a")))
}

fn stop() -> Response {
    no_content().into_response()
}

struct Hub(Event);

impl Hub {
    fn subscribe(&self) -> Once<Result<Event, std::io::Error>> {
        once(Ok(self.0.clone()))
    }
}

fn rows(
    text: &'static str,
    number: u64,
    name: &'static str,
    configured: Duration,
) -> Result<(), Box<dyn Error>> {
    let value = [number];
    let stream = once(Event::empty());
    let _ = Sse::new(stream);
    let _ = KeepAlive::every_secs::<5>();
    let _ = KeepAlive::every(configured)?;
    let _ = KeepAlive::default().comment("hi");
    let event = Event::empty();
    let _ = KeepAlive::default().event(event);
    let event = Event::new(text);
    let event = event.event(TICK);
    let event = event.try_event(name)?;
    assert!(event.clone().try_id(text).is_err());
    let event = Event::json(&value)?;
    let id = name;
    let event = event.try_id(id)?;
    let event = event.id(number);
    let event = event.retry(Duration::from_secs(3));
    let event = event.comment(text);
    assert_eq!(
        event.encode(),
        "id: 7\nretry: 3000\ndata: [7]\n: a\n: b\n\n"
    );
    Ok(())
}
