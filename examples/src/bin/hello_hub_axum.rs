#![forbid(unsafe_code)]
//! The least that publishes and subscribes, with axum: an event a second at `/events`.
use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use sse_axum::{LastEventId, Sse};
use sse_hub::{Event, Hub};
use tokio::time::{Duration, sleep};

async fn events(State(hub): State<Hub>, last: LastEventId) -> impl IntoResponse {
    let subscription = hub.subscribe(()).after(last).await;
    let unavailable = |_| StatusCode::SERVICE_UNAVAILABLE;
    subscription.map(Sse::new).map_err(unavailable)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let hub = Hub::new();
    let app = Router::new().route("/events", get(events));
    let app = app.with_state(hub.clone());
    tokio::spawn(axum::serve(examples::listen().await?, app).into_future());
    loop {
        hub.publish((), Event::new("hello")).await?;
        sleep(Duration::from_secs(1)).await;
    }
}
