#![forbid(unsafe_code)]
//! The least that publishes and subscribes, with hyper: an event a second, whatever the path.
use examples::serve::serve;
use hyper::{Request, body::Incoming, service::service_fn};
use sse_hub::{Event, Hub};
use sse_hyper::{last_event_id, response};
use tokio::time::{Duration, sleep};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let hub = Hub::new();
    let state = hub.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let subscribe = state.subscribe(()).after(last_event_id(&request));
        async { subscribe.await.map(response) }
    });
    let listener = examples::listen().await?;
    tokio::spawn(serve(listener, service, std::future::pending()));
    loop {
        hub.publish((), Event::new("hello")).await?;
        sleep(Duration::from_secs(1)).await;
    }
}
