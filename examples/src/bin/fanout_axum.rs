#![forbid(unsafe_code)]
//! Publish by `POST /publish?topic=T`, subscribe by `GET /events?topic=T`, with axum: the server to measure.
//!
//! `--listen ADDR:PORT`, `--retain N` events for clients that come back, `--store file:PATH` for after a restart, `--stock` to serve by `axum::serve`.
//! Without it the accept loop in `examples::serve` does; its docs say what that buys.
//! One thread serves, so that what is measured is what one core does. With `#[tokio::main]` alone, all cores do.

use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::body::Body;
use axum::extract::{Query, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Json, Response};
use axum::routing::{get, post};
use examples::fanout::{self, Memory, Options, Receipt, Target};
use examples::serve;
use hyper_util::service::TowerToHyperService;
use sse_axum::{KeepAlive, LastEventId, Sse};
use sse_hub::{Event, Hub, Rejection, Session, SessionRequest};

async fn events(
    State(hub): State<Hub>,
    last: LastEventId,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let request = SessionRequest::new(last, query.as_deref(), &header);
    // Here a request may be refused, and its topics may depend on who asks.
    match hub.session(request, Session::from_query).await {
        Ok(subscription) => {
            let resume = AppendHeaders(subscription.resume_headers());
            (resume, Sse::new(subscription).keep_alive(KeepAlive::off())).into_response()
        }
        Err(rejection) => refuse(rejection),
    }
}

fn refuse(rejection: Rejection) -> Response {
    let mut response = Response::new(Body::from(rejection.body));
    *response.status_mut() = StatusCode::from_u16(rejection.status).unwrap_or_default();
    for (name, value) in rejection.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn publish(
    State(hub): State<Hub>,
    Query(target): Query<Target>,
    body: String,
) -> Result<impl IntoResponse, Response> {
    match hub.publish(target, Event::new(body)).await {
        Ok(published) => Ok((StatusCode::ACCEPTED, Json(Receipt::from(published)))),
        Err(error) => Err(refuse(error.into())),
    }
}

async fn allocations() -> Result<String, StatusCode> {
    fanout::allocations().ok_or(StatusCode::NOT_FOUND)
}

async fn memory(State(hub): State<Hub>) -> Json<Memory> {
    Json(Memory::of(&hub))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stopped = examples::stopped()?;
    fanout::log_warnings();
    let options = Options::of_process()?;
    let hub = options.hub()?;
    let app = Router::new()
        .route("/events", get(events))
        .route("/publish", post(publish))
        .route("/memory", get(memory))
        .route("/allocations", get(allocations))
        .with_state(hub.clone());

    let listener = serve::bind(options.listen)?;
    // Streams end one by one, and publishing goes on, before the server stops.
    let stopped = async move {
        stopped.await;
        hub.shutdown(Duration::from_secs(1)).await;
    };
    if options.stock {
        axum::serve(listener, app)
            .with_graceful_shutdown(stopped)
            .await?;
    } else {
        serve::serve(listener, TowerToHyperService::new(app), stopped).await;
    }
    Ok(())
}
