#![forbid(unsafe_code)]
//! A live chart of six servers: thousands of updates a second are published, and each page gets only as many as it can show.

use std::time::{Duration, Instant};

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::serve::ListenerExt;
use serde_json::json;
use sse_axum::Sse;
use sse_hub::{Event, Hub, Lagging, Start};
use tokio::time::interval;
use tokio_stream::StreamExt;

async fn events(State(hub): State<Hub>) -> Result<impl IntoResponse, StatusCode> {
    // The present counts here and not what was missed, so there is no last event ID:
    // a page that comes, or comes back, gets the last value of each key that is kept.
    let subscribe = hub.subscribe("load").from(Start::Earliest);
    let subscription = subscribe.lagging(Lagging::LatestPerKey).await;
    let subscription = subscription.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    // What is ready is taken all at once, and of each key only its last value: asked less often, it is less.
    let frames = subscription.throttle(Duration::from_millis(40));
    Ok(Sse::new(frames))
}

/// Publishes 4,800 values a second.
async fn measure(hub: Hub) -> Result<()> {
    let start = Instant::now();
    let mut total = 0_u64;
    let mut ticks = interval(Duration::from_millis(5));
    loop {
        ticks.tick().await;
        let seconds = start.elapsed().as_secs_f64();
        let mut batch = Vec::with_capacity(4 * SERVERS.len());
        for _ in 0..4 {
            for (name, phase) in SERVERS {
                total += 1;
                let load = load(seconds, phase);
                let event = Event::json(&json!({ "key": name, "load": load, "total": total }))?;
                batch.push(hub.publish("load", event).key(name));
            }
        }
        hub.publish_batch(batch).await?;
    }
}

/// Something that looks like the load of a server, in percent.
fn load(seconds: f64, phase: f64) -> f64 {
    let slow = 24.0 * (seconds / 7.3 + phase * 2.1).sin();
    let quick = 9.0 * (seconds * (0.7 + phase / 6.0) + phase).sin();
    let noise = 2.5 * (seconds * 7.9 + phase * 5.0).sin() * (seconds * 3.1 - phase).sin();
    ((30.0 + phase * 8.0 + slow + quick + noise).clamp(0.0, 100.0) * 10.0).round() / 10.0
}

#[tokio::main]
async fn main() -> Result<()> {
    let stopped = examples::stopped()?;
    let hub = Hub::new();
    tokio::spawn(measure(hub.clone()));
    let app = Router::new()
        .route("/", get(async || Html(examples::DASHBOARD_PAGE)))
        .route("/events", get(events))
        .with_state(hub.clone());

    let listener = examples::listen().await?;
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    let stopped = async move {
        stopped.await;
        hub.shutdown(Duration::ZERO).await;
    };
    axum::serve(listener, app)
        .with_graceful_shutdown(stopped)
        .await?;
    Ok(())
}

/// Each is a key: of those that a subscription has not taken yet, it gets only the last.
const SERVERS: [(&str, f64); 6] = [
    ("berlin", 0.0),
    ("lagos", 1.0),
    ("lima", 2.0),
    ("osaka", 3.0),
    ("perth", 4.0),
    ("quito", 5.0),
];
