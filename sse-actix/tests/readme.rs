//! Every right-hand side of the README's tables, compiled.

use std::error::Error;
use std::time::Duration;

use actix_web::{HttpResponse, Responder};
use sse_actix::{AcceptsEventStream, Event, EventType, KeepAlive, OnError, Sse, no_content};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Once, once};

#[path = "../../sse-core/tests/shared/readme_rows.rs"]
mod readme_rows;

const TICK: EventType = EventType::from_static("tick");

#[test]
fn every_row_of_the_readme_compiles() {
    readme_rows::check(include_str!("../README.md"), include_str!("readme.rs"));
}

#[actix_web::test]
async fn what_the_readme_proposes_runs() {
    configure().await.unwrap();
    rows("a\nb", 7, "tock", Duration::from_secs(1)).unwrap();
    assert_eq!(stop().status(), 204);
    let _ = sse_actix::route().to(negotiated);
}

async fn configure() -> Result<impl Responder, std::io::Error> {
    let stream = once(Ok::<_, std::io::Error>(Event::new("a")));
    Ok(Sse::new(stream)
        .keep_alive(KeepAlive::every_secs::<5>().comment("still here"))
        .on_error(OnError::event(|error| Event::new(error.to_string())))
        .on_end(|end| println!("{:?}, {} events", end.reason, end.events))
        .await_first(Duration::from_secs(2))
        .await?
        .allow_compression()
        .boxed())
}

async fn negotiated(_: AcceptsEventStream) -> Sse<Once<Event>> {
    Sse::new(once(Event::new("a")))
}

fn stop() -> HttpResponse {
    no_content()
}

fn rows(
    text: &'static str,
    number: u64,
    name: &'static str,
    configured: Duration,
) -> Result<(), Box<dyn Error>> {
    let value = [number];
    let stream = once(Event::empty());
    let results = once(Ok::<_, std::io::Error>(Event::empty()));
    let (_, receiver) = tokio::sync::mpsc::channel::<Event>(1);
    let _ = Sse::new(stream)
        .keep_alive(KeepAlive::every_secs::<5>())
        .keep_alive(KeepAlive::every(configured)?);
    let _ = Sse::new(results);
    let _ = Sse::new(ReceiverStream::new(receiver));
    let _ = Event::from_comment(text);

    let event = Event::new(text);
    let event = event.event(TICK);
    let event = event.try_event(name)?;
    assert!(event.clone().try_id(text).is_err());
    let event = Event::json(&value)?;
    let id = name;
    let event = event.try_id(id)?;
    let event = event.id(number);
    let event = event.retry(Duration::from_secs(3));
    assert_eq!(event.encode(), "id: 7\nretry: 3000\ndata: [7]\n\n");
    Ok(())
}
