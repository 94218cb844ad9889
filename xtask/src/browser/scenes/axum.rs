//! The scenes through axum.

use std::io;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use sse_axum::{LastEventId, Sse, no_content};
use tokio::net::TcpListener;

use crate::PAGE;
use crate::stage::Stage;

pub(crate) async fn serve(listener: TcpListener, stage: Stage) -> io::Result<()> {
    let app = Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/gate", post(gate))
        .route("/echo", post(echo))
        .route("/{scene}", get(play))
        .with_state(stage);
    axum::serve(listener, app).await
}

async fn play(
    State(stage): State<Stage>,
    Path(scene): Path<String>,
    last: LastEventId,
) -> Response {
    match stage.play(&scene, last.0.as_ref()) {
        Some(events) => Sse::new(events).into_response(),
        None => no_content().into_response(),
    }
}

async fn echo(State(stage): State<Stage>, body: String) -> impl IntoResponse {
    Sse::new(stage.echo(&body))
}

async fn gate(State(stage): State<Stage>) -> StatusCode {
    stage.open_gate();
    StatusCode::ACCEPTED
}
