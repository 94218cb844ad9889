#![forbid(unsafe_code)]
//! Publish by `POST /publish?topic=T`, subscribe by `GET /events?topic=T`, with warp: the server to measure.
//!
//! `--listen ADDR:PORT`, `--retain N` events for clients that come back, `--store file:PATH` for after a restart, `--stock` to serve by `warp::serve`.
//! Without it the accept loop in `examples::serve` does; its docs say what that buys.
//! One thread serves, so that what is measured is what one core does. With `#[tokio::main]` alone, all cores do.

use std::time::Duration;

use anyhow::Result;
use examples::fanout::{self, Memory, Options, Receipt, Target};
use examples::serve;
use hyper_util::service::TowerToHyperService;
use sse_hub::{Event, Hub, Rejection, Session, SessionRequest};
use sse_warp::{ByteString, KeepAlive, LastEventId, Sse};
use warp::http::{HeaderMap, StatusCode};
use warp::hyper::body::Bytes;
use warp::reply::{self, Response};
use warp::{Filter, Reply};

async fn events(hub: Hub, last: LastEventId, query: String, headers: HeaderMap) -> Response {
    let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let request = SessionRequest::new(last, Some(&query), &header);
    // Here a request may be refused, and its topics may depend on who asks.
    match hub.session(request, Session::from_query).await {
        Ok(subscription) => {
            let resume = subscription.resume_headers();
            let stream = Sse::new(subscription).keep_alive(KeepAlive::off());
            let mut response = stream.into_response();
            for (name, value) in resume {
                response = reply::with_header(response, name, value).into_response();
            }
            response
        }
        Err(rejection) => refuse(rejection),
    }
}

fn refuse(rejection: Rejection) -> Response {
    let status = StatusCode::from_u16(rejection.status).unwrap_or_default();
    let mut response = reply::with_status(rejection.body, status).into_response();
    for (name, value) in rejection.headers {
        response = reply::with_header(response, name, value).into_response();
    }
    response
}

async fn publish(hub: Hub, target: Target, body: Bytes) -> Response {
    let Ok(data) = ByteString::try_from(body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match hub.publish(target, Event::new(data)).await {
        Ok(published) => {
            let receipt = reply::json(&Receipt::from(published));
            reply::with_status(receipt, StatusCode::ACCEPTED).into_response()
        }
        Err(error) => refuse(error.into()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stopped = examples::stopped()?;
    fanout::log_warnings();
    let options = Options::of_process()?;
    let hub = options.hub()?;
    let state = hub.clone();
    let with_hub = warp::any().map(move || state.clone());
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let subscribe = warp::path!("events").and(warp::get()).and(with_hub.clone());
    let memory = warp::path!("memory").and(warp::get()).and(with_hub.clone());
    let memory = memory.map(|hub: Hub| reply::json(&Memory::of(&hub)));
    let subscribe = subscribe.and(sse_warp::last_event_id()).and(query);
    let subscribe = subscribe.and(warp::header::headers_cloned()).then(events);
    let post = warp::path!("publish").and(warp::post()).and(with_hub);
    let post = post.and(warp::query()).and(warp::body::bytes());
    let count = warp::path!("allocations").and(warp::get());
    let count = count.map(|| fanout::allocations().ok_or(StatusCode::NOT_FOUND));
    let app = subscribe.or(post.then(publish)).or(memory).or(count);

    let listener = serve::bind(options.listen)?;
    // Streams end one by one, and publishing goes on, before the server stops.
    let stopped = async move {
        stopped.await;
        hub.shutdown(Duration::from_secs(1)).await;
    };
    if options.stock {
        let server = warp::serve(app).incoming(listener);
        server.graceful(stopped).run().await;
    } else {
        let service = TowerToHyperService::new(warp::service(app));
        serve::serve(listener, service, stopped).await;
    }
    Ok(())
}
