#![forbid(unsafe_code)]
//! A clock in the browser, with axum: an event a second.

use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::serve::ListenerExt;
use sse_axum::{Event, EventType, Shutdown, Sse};
use tokio::time::interval;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::IntervalStream;

const TICK: EventType = EventType::from_static("tick");

async fn events(State(shutdown): State<Shutdown>) -> impl IntoResponse {
    let ticks = IntervalStream::new(interval(Duration::from_secs(1))).map(|_| {
        let (second, time) = examples::now();
        Event::new(time).event(TICK).id(second)
    });
    Sse::new(ticks).shutdown(shutdown.signal())
}

#[tokio::main]
async fn main() -> Result<()> {
    let stopped = examples::stopped()?;
    let shutdown = Shutdown::new();
    let app = Router::new()
        .route("/", get(async || Html(examples::CLOCK_PAGE)))
        .route("/events", get(events))
        .with_state(shutdown.clone());

    // A small event does not wait for the acknowledgement of the one before it.
    let listener = examples::listen().await?.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            stopped.await;
            shutdown.trigger();
        })
        .await?;
    Ok(())
}
