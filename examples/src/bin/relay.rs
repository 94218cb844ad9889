#![forbid(unsafe_code)]
//! Reads an event stream elsewhere and re-emits it unchanged: what was absent stays absent.

use std::env;

use anyhow::{Result, ensure};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use reqwest::Client;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use sse_axum::{LastEventId, Shutdown, Sse, no_content};
use sse_core::{DecoderOptions, LAST_EVENT_ID, StreamExt as _, is_event_stream};
use tokio_stream::StreamExt as _;

#[derive(Clone)]
struct Relay {
    client: Client,
    upstream: String,
    shutdown: Shutdown,
}

async fn events(State(relay): State<Relay>, last: LastEventId) -> Response {
    match relay.connect(last).await {
        // The upstream has nothing more, and the browser stays away as it would have from there.
        Ok(upstream) if upstream.status() == StatusCode::NO_CONTENT => no_content().into_response(),
        Ok(upstream) => {
            // Comments are the upstream's keep-alives, and are passed on like everything else.
            let options = DecoderOptions::new().comments().dataless_blocks();
            let received = upstream.bytes_stream().events_with(options);
            // If the upstream breaks off, so does the response, and the browser reconnects with its last event ID.
            let events = received.map(|received| received.map(|received| received.event));
            Sse::new(events)
                .shutdown(relay.shutdown.signal())
                .into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}

impl Relay {
    async fn connect(&self, last: LastEventId) -> Result<reqwest::Response> {
        let mut request = self
            .client
            .get(&self.upstream)
            .header(ACCEPT, "text/event-stream");
        if let Some(id) = last.0 {
            request = request.header(LAST_EVENT_ID, id.as_str().as_bytes());
        }
        let response = request.send().await?.error_for_status()?;
        let media = response.headers().get(CONTENT_TYPE);
        let known = media.is_some_and(|media| is_event_stream(media.as_bytes()));
        let over = response.status() == StatusCode::NO_CONTENT;
        ensure!(known || over, "the upstream sends no event stream");
        Ok(response)
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let stopped = examples::stopped()?;
    let upstream = env::args().nth(1).or_else(|| env::var("UPSTREAM").ok());
    let shutdown = Shutdown::new();
    let relay = Relay {
        client: Client::new(),
        upstream: upstream.unwrap_or_else(|| "http://127.0.0.1:3000/events".to_owned()),
        shutdown: shutdown.clone(),
    };
    let app = Router::new()
        .route("/", get(async || Html(examples::RELAY_PAGE)))
        .route("/events", get(events))
        .with_state(relay);
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
