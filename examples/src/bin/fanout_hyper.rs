#![forbid(unsafe_code)]
//! Publish by `POST /publish?topic=T`, subscribe by `GET /events?topic=T`, with hyper: the server to measure.
//!
//! `--listen ADDR:PORT`, `--retain N` events for clients that come back, `--store file:PATH` for after a restart; `examples::serve` serves.
//! One thread serves, so that what is measured is what one core does. With `#[tokio::main]` alone, all cores do.

use std::convert::Infallible;
use std::time::Duration;

use anyhow::{Result, ensure};
use examples::fanout::{self, Memory, Options, Receipt, Target};
use examples::serve;
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use serde::Serialize;
use sse_hub::{Event, Hub, Rejection, Session, SessionRequest, Subscription};
use sse_hyper::{ByteString, EventStream, KeepAlive, Sse};

type Answer = Response<Either<EventStream<Subscription>, Full<Bytes>>>;

async fn events(hub: &Hub, request: &Request<Incoming>) -> Result<Answer, Rejection> {
    let header = |name: &str| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
    let last = sse_hyper::last_event_id(request);
    let asked = SessionRequest::new(last, request.uri().query(), &header);
    // Here a request may be refused, and its topics may depend on who asks.
    let subscription = hub.session(asked, Session::from_query).await?;
    let resume = subscription.resume_headers();
    let stream = Sse::new(subscription).keep_alive(KeepAlive::off());
    let mut response = stream.into_response().map(Either::Left);
    insert(&mut response, resume);
    Ok(response)
}

fn respond(rejection: Rejection) -> Answer {
    let mut response = Response::new(Either::Right(rejection.body.into()));
    *response.status_mut() = StatusCode::from_u16(rejection.status).unwrap_or_default();
    insert(&mut response, rejection.headers);
    response
}

fn insert(response: &mut Answer, headers: impl IntoIterator<Item = (&'static str, String)>) {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
}

async fn publish(hub: &Hub, request: Request<Incoming>) -> Result<Answer, Rejection> {
    let target = Target::of_query(request.uri().query());
    let body = Limited::new(request.into_body(), MOST_BYTES);
    let body = body.collect().await;
    let body = body.map_err(|error| Rejection::new(400, error.to_string()))?;
    let data = ByteString::try_from(body.to_bytes());
    let data = data.map_err(|error| Rejection::new(400, error.to_string()))?;
    let published = hub.publish(target, Event::new(data)).await?;
    Ok(json(202, &Receipt::from(published)))
}

fn json(status: u16, answer: &impl Serialize) -> Answer {
    let text = serde_json::to_string(answer).unwrap_or_default();
    respond(Rejection::new(status, text).header("Content-Type", "application/json"))
}

async fn route(hub: Hub, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let answer = match (request.method(), request.uri().path()) {
        (&Method::GET, "/events") => events(&hub, &request).await,
        (&Method::POST, "/publish") => publish(&hub, request).await,
        (&Method::GET, "/memory") => Ok(json(200, &Memory::of(&hub))),
        (&Method::GET, "/allocations") => fanout::allocations()
            .map(|count| Response::new(Either::Right(count.into())))
            .ok_or_else(|| Rejection::new(404, "not counted")),
        _ => Err(Rejection::new(404, "not found")),
    };
    Ok(answer.unwrap_or_else(respond))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stopped = examples::stopped()?;
    fanout::log_warnings();
    let options = Options::of_process()?;
    ensure!(!options.stock, "hyper has no accept loop of its own");
    let hub = options.hub()?;
    let state = hub.clone();
    let service = service_fn(move |request| route(state.clone(), request));
    let listener = serve::bind(options.listen)?;
    // Streams end one by one, and publishing goes on, before the server stops.
    let stopped = async move {
        stopped.await;
        hub.shutdown(Duration::from_secs(1)).await;
    };
    serve::serve(listener, service, stopped).await;
    Ok(())
}

const MOST_BYTES: usize = 1024 * 1024;
