#![forbid(unsafe_code)]
//! A clock in the browser, with hyper: an event a second.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use anyhow::Result;
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use sse_hyper::{Event, EventType, Shutdown, Sse};
use tokio::time::{interval, sleep};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::IntervalStream;

const TICK: EventType = EventType::from_static("tick");

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

fn events(shutdown: &Shutdown) -> Answer {
    let ticks = IntervalStream::new(interval(Duration::from_secs(1))).map(|_| {
        let (second, time) = examples::now();
        Event::new(time).event(TICK).id(second)
    });
    let response = Sse::new(ticks).shutdown(shutdown.signal()).into_response();
    response.map(BodyExt::boxed_unsync)
}

fn page() -> Answer {
    let mut response = Response::new(examples::CLOCK_PAGE.to_owned().boxed_unsync());
    let html = "text/html; charset=utf-8".parse().expect("a legal value");
    response.headers_mut().insert(CONTENT_TYPE, html);
    response
}

fn route(request: &Request<Incoming>, shutdown: &Shutdown) -> Answer {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => page(),
        (&Method::GET, "/events") => events(shutdown),
        _ => {
            let mut response = Response::new(String::new().boxed_unsync());
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let stopped = examples::stopped()?;
    let shutdown = Shutdown::new();
    let connections = GracefulShutdown::new();
    let listener = examples::listen().await?;
    let mut stopped = pin!(stopped);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopped => break,
        };
        // One connection that fails is not the end of the others. When descriptors have run out, each would.
        let Ok((socket, _)) = accepted else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        // A small event does not wait for the acknowledgement of the one before it.
        let _ = socket.set_nodelay(true);
        let shutdown = shutdown.clone();
        let service = service_fn(move |request| {
            let response = route(&request, &shutdown);
            async { Ok::<_, Infallible>(response) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
        let connection = connections.watch(connection);
        // An error is a client that left.
        tokio::spawn(async { connection.await.ok() });
    }
    shutdown.trigger();
    connections.shutdown().await;
    Ok(())
}
