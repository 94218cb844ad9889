//! Every right-hand side of the tables for those who come from another client, compiled.

#![cfg(feature = "reqwest")]

use std::{error::Error, time::Duration};

use reqwest::redirect::Policy;
use sse_client::{
    Backoff, ErrorKind, EventId, EventSource, Redirects, ReqwestTransport, State, Transport,
    http::Request,
};

#[path = "../../sse-core/tests/shared/readme_rows.rs"]
mod readme_rows;

#[test]
fn every_row_of_the_tables_compiles() {
    readme_rows::check(
        include_str!("../src/guide/migration.md"),
        include_str!("migration.rs"),
    );
}

#[test]
fn what_the_tables_propose_runs() -> Result<(), Box<dyn Error>> {
    let url = "http://one.example/";
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .build()?;
    let request = Request::get(url).body(())?;
    let json = r#"{"question":"why?"}"#;
    let _ = EventSource::new(Request::post(url).body(json)?);
    let _ = EventSource::with_transport(ReqwestTransport::from(client), request);
    let time = Duration::from_secs(1);
    let events = configured(url, "Bearer x", json, "7".to_owned(), time)?;
    drop(read(events));
    Ok(())
}

fn configured(
    url: &str,
    token: &str,
    json: &'static str,
    id: String,
    time: Duration,
) -> Result<EventSource, Box<dyn Error>> {
    let (start, max) = (time, time);
    let backoff = Backoff::new().initial(start).max(max).max_retries(5);
    let request = Request::builder()
        .uri(url)
        .method("REPORT")
        .header("authorization", token)
        .body(json)?;
    let _ = with(ReqwestTransport::new(), request);
    let events = EventSource::get(url)?;
    let events = events.backoff(Backoff::never());
    let events = events
        .backoff(backoff.multiplier(2.0))
        .last_event_id(EventId::try_from(id)?)
        .idle_timeout(time)
        .redirects(Redirects::all().most(5))
        .comments()
        .first_failure_is_final();
    Ok(events)
}

fn with(transport: impl Transport, request: Request<&'static str>) -> EventSource {
    EventSource::with_transport(transport, request)
}

async fn read(mut events: EventSource) -> Result<(), Box<dyn Error>> {
    let _ = events.resume_state().last_event_id();
    let _ = events.response();
    match events.state().current() {
        State::Open => println!("open"),
        State::Waiting { delay, cause, .. } => println!("{cause}; again in {delay:?}"),
        _ => {}
    }
    while let Some(event) = events.next().await {
        match event {
            Ok(received) => {
                println!("{} {}", received.event_type(), received.data());
                let _ = (received.event.retry, received.event.comment);
                let _ = received.last_event_id;
            }
            Err(mut error) => match error.kind() {
                ErrorKind::MediaType => {}
                _ => println!("{:?} {:?}", error.status(), error.body().await?),
            },
        }
    }
    events.closer().close();
    drop(events);
    Ok(())
}
