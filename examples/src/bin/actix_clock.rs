#![forbid(unsafe_code)]
//! A clock in the browser, with actix-web: an event a second.

use std::time::Duration;

use actix_web::web::{Data, Html};
use actix_web::{App, HttpServer, Responder, web};
use anyhow::Result;
use sse_actix::{Event, EventType, Shutdown, Sse};
use tokio::time::interval;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::IntervalStream;

const TICK: EventType = EventType::from_static("tick");

async fn events(shutdown: Data<Shutdown>) -> impl Responder {
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
    let state = Data::new(shutdown.clone());
    let app = move || {
        App::new()
            .app_data(state.clone())
            .route("/", web::get().to(async || Html::new(examples::CLOCK_PAGE)))
            .route("/events", sse_actix::route().to(events))
    };

    let listener = examples::listen().await?.into_std()?;
    let server = HttpServer::new(app)
        // A small event does not wait for the acknowledgement of the one before it.
        .tcp_nodelay(true)
        // A client that left is noticed at once, not at the next keep-alive.
        .h1_allow_half_closed(false)
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    tokio::spawn(async move {
        stopped.await;
        shutdown.trigger();
        shutdown.drained().await;
        handle.stop(true).await;
    });
    server.await?;
    Ok(())
}
