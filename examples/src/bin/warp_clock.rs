#![forbid(unsafe_code)]
//! A clock in the browser, with warp: an event a second.

use std::time::Duration;

use anyhow::Result;
use socket2::SockRef;
use sse_warp::{Event, EventType, Shutdown, Sse};
use tokio::time::interval;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::IntervalStream;
use warp::{Filter, Reply};

const TICK: EventType = EventType::from_static("tick");

fn events(shutdown: &Shutdown) -> impl Reply + use<> {
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
    let state = shutdown.clone();
    let page = warp::path::end().map(|| warp::reply::html(examples::CLOCK_PAGE));
    let events = warp::path!("events").map(move || events(&state));
    let app = warp::get().and(page.or(events));

    let listener = examples::listen().await?;
    // A small event does not wait for the acknowledgement of the one before it.
    // warp does not hand out its sockets, but they inherit this from the listener.
    SockRef::from(&listener).set_tcp_nodelay(true)?;
    warp::serve(app)
        .incoming(listener)
        .graceful(async move {
            stopped.await;
            shutdown.trigger();
        })
        .run()
        .await;
    Ok(())
}
