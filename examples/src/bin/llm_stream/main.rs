#![forbid(unsafe_code)]
//! A language model's answer, token by token, in the shapes of the `OpenAI` API and of Anthropic's. The model is a parrot.

mod wire;

use std::time::Duration;

use anyhow::Result;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use serde::Deserialize;
use sse_axum::{Event, Shutdown, Sse};
use sse_core::JsonError;
use tokio_stream::{self as stream, StreamExt};

#[derive(Deserialize)]
struct Ask {
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
}

#[derive(Deserialize)]
struct Message {
    content: String,
}

/// In the shape of `OpenAI`'s API.
async fn complete(State(shutdown): State<Shutdown>, Json(ask): Json<Ask>) -> Response {
    match ask.tokens() {
        Some(tokens) => answer(wire::openai(tokens), &shutdown),
        None => refuse(),
    }
}

/// In the shape of Anthropic's API.
async fn message(State(shutdown): State<Shutdown>, Json(ask): Json<Ask>) -> Response {
    match ask.tokens() {
        Some(tokens) => answer(wire::anthropic(tokens), &shutdown),
        None => refuse(),
    }
}

fn answer(
    events: impl Iterator<Item = Result<Event, JsonError>> + Send + 'static,
    shutdown: &Shutdown,
) -> Response {
    Sse::new(stream::iter(events).throttle(Duration::from_millis(40)))
        .shutdown(shutdown.signal())
        .into_response()
}

/// Before the first event an error is still a plain HTTP response.
fn refuse() -> Response {
    let rule = "give a message and \"stream\": true";
    (StatusCode::BAD_REQUEST, rule).into_response()
}

impl Ask {
    fn tokens(self) -> Option<Vec<String>> {
        let question = self.messages.last().filter(|_| self.stream)?;
        let answer = format!("You asked: “{}”\n\n{ANSWER}", question.content);
        Some(answer.split_inclusive(' ').map(str::to_owned).collect())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let stopped = examples::stopped()?;
    let shutdown = Shutdown::new();
    let app = Router::new()
        .route("/", get(async || Html(examples::LLM_PAGE)))
        .route("/v1/chat/completions", post(complete))
        .route("/v1/messages", post(message))
        .with_state(shutdown.clone());

    // A token does not wait for the acknowledgement of the one before it.
    let listener = examples::listen().await?.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            stopped.await;
            shutdown.trigger();
        })
        .await?;
    Ok(())
}

const ANSWER: &str = include_str!("../../../pages/answer.txt");
