//! Whether the process lives, and whether it wants requests.

use axum::{Router, extract::State, routing::get};
use http::StatusCode;
use serde::Serialize;

use crate::{
    answer::{Reply, json},
    state::{App, Shared},
};

#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hook: Option<&'static str>,
}

/// `/health/live` and `/health/ready`.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
}

async fn live() -> Reply {
    answer(StatusCode::OK, "live", None)
}

async fn ready(State(app): State<Shared>) -> Reply {
    let (status, hook) = state(&app);
    let code = match status {
        READY => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    answer(code, status, hook)
}

const READY: &str = "ready";

/// Says in a word how the server is, and which hook is stuck if one is.
fn state(app: &App) -> (&'static str, Option<&'static str>) {
    if app.is_draining() {
        return ("draining", None);
    }
    let stuck = app.script().and_then(|script| script.health().stuck);
    match stuck {
        Some(hook) => ("script is stuck", Some(hook.as_str())),
        None if !app.hub.is_ready() => ("log does not answer", None),
        None => (READY, None),
    }
}

fn answer(code: StatusCode, status: &'static str, hook: Option<&'static str>) -> Reply {
    json(code, &Health { status, hook })
}
