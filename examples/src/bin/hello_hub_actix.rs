#![forbid(unsafe_code)]
//! The least that publishes and subscribes, with actix-web: an event a second at `/events`.
use actix_web::{App, HttpServer, Responder, error::ErrorServiceUnavailable, web::Data};
use sse_actix::{LastEventId, Sse};
use sse_hub::{Event, Hub};
use tokio::time::{Duration, sleep};

async fn events(hub: Data<Hub>, last: LastEventId) -> impl Responder {
    let subscription = hub.subscribe(()).after(last).await;
    subscription.map(Sse::new).map_err(ErrorServiceUnavailable)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let hub = Hub::new();
    let state = Data::new(hub.clone());
    let route = || sse_actix::route().to(events);
    let app = move || App::new().app_data(state.clone()).route("/events", route());
    let listener = examples::listen().await?.into_std()?;
    tokio::spawn(HttpServer::new(app).listen(listener)?.run());
    loop {
        hub.publish((), Event::new("hello")).await?;
        sleep(Duration::from_secs(1)).await;
    }
}
