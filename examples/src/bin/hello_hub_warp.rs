#![forbid(unsafe_code)]
//! The least that publishes and subscribes, with warp: an event a second at `/events`.
use sse_hub::{Event, Hub};
use sse_warp::LastEventId;
use tokio::time::{Duration, sleep};
use warp::{Filter, Reply, http::StatusCode};

async fn events(hub: Hub, last: LastEventId) -> impl Reply {
    let subscription = hub.subscribe(()).after(last).await;
    let unavailable = |_| StatusCode::SERVICE_UNAVAILABLE;
    subscription.map(sse_warp::reply).map_err(unavailable)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let hub = Hub::new();
    let state = hub.clone();
    let app = warp::path("events").map(move || state.clone());
    let app = app.and(sse_warp::last_event_id()).then(events);
    tokio::spawn(warp::serve(app).incoming(examples::listen().await?).run());
    loop {
        hub.publish((), Event::new("hello")).await?;
        sleep(Duration::from_secs(1)).await;
    }
}
