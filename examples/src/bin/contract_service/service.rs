use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{HOST, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::follow::follow;
use crate::order::{Order, Ordered};
use crate::parameters::Plan;
use crate::report::report;

/// The streams that are followed.
#[derive(Default)]
pub(crate) struct Service {
    streams: Mutex<Streams>,
    pub(crate) quit: Notify,
    callbacks: reqwest::Client,
}

#[derive(Default)]
struct Streams {
    last: u64,
    /// A stream ends when its sender is gone.
    open: BTreeMap<u64, mpsc::UnboundedSender<Ordered>>,
}

pub(crate) async fn quit(State(service): State<Arc<Service>>) -> StatusCode {
    service.quit.notify_one();
    StatusCode::NO_CONTENT
}

pub(crate) async fn create(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let plan = match Plan::read(&body) {
        Ok(plan) => plan,
        Err(error) => return refused(&error),
    };
    let (orders, ordered) = mpsc::unbounded_channel();
    let (tell, reports) = mpsc::unbounded_channel();
    let callbacks = service.callbacks.clone();
    tokio::spawn(report(callbacks, plan.callback_url.clone(), reports));
    tokio::spawn(follow(plan, ordered, tell));
    let path = service.streams(|streams| {
        streams.last += 1;
        streams.open.insert(streams.last, orders);
        format!("/streams/{}", streams.last)
    });
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let location = host.map_or(path.clone(), |host| format!("http://{host}{path}"));
    (StatusCode::CREATED, [(LOCATION, location)]).into_response()
}

pub(crate) async fn command(
    State(service): State<Arc<Service>>,
    Path(number): Path<u64>,
    body: Bytes,
) -> Response {
    let orders = service.streams(|streams| streams.open.get(&number).cloned());
    let Some(orders) = orders else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let order = match Order::read(&body) {
        Ok(order) => order,
        Err(error) => return refused(&error),
    };
    let (done, is_done) = oneshot::channel();
    // It is answered when an event that comes now would be heard.
    if orders.send((order, done)).is_err() || is_done.await.is_err() {
        return StatusCode::NOT_FOUND.into_response();
    }
    StatusCode::ACCEPTED.into_response()
}

pub(crate) async fn close(
    State(service): State<Arc<Service>>,
    Path(number): Path<u64>,
) -> StatusCode {
    match service.streams(|streams| streams.open.remove(&number)) {
        Some(_) => StatusCode::NO_CONTENT,
        None => StatusCode::NOT_FOUND,
    }
}

fn refused(error: &anyhow::Error) -> Response {
    (StatusCode::BAD_REQUEST, format!("{error:#}\n")).into_response()
}

impl Service {
    fn streams<T>(&self, use_them: impl FnOnce(&mut Streams) -> T) -> T {
        use_them(&mut self.streams.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
