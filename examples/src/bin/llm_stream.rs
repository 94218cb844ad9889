#![forbid(unsafe_code)]
//! A language model's answer, token by token, in the shape of the `OpenAI` API. The model is a parrot.

use std::time::Duration;

use anyhow::Result;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use sse_axum::{Event, Shutdown, Sse};
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

async fn complete(State(shutdown): State<Shutdown>, Json(ask): Json<Ask>) -> Response {
    // Before the first event an error is still a plain HTTP response.
    let Some(question) = ask.messages.last().filter(|_| ask.stream) else {
        let rule = "give a message and \"stream\": true";
        return (StatusCode::BAD_REQUEST, rule).into_response();
    };
    let answer = format!("You asked: “{}”\n\n{ANSWER}", question.content);
    let tokens: Vec<String> = answer.split_inclusive(' ').map(str::to_owned).collect();
    let events = tokens
        .into_iter()
        .map(|token| chunk(&json!({ "content": token }), None))
        .chain([chunk(&json!({}), Some("stop"))])
        .map(|chunk| Event::json(&chunk))
        .chain([Ok(Event::new("[DONE]"))]);
    Sse::new(stream::iter(events).throttle(Duration::from_millis(40)))
        .shutdown(shutdown.signal())
        .into_response()
}

fn chunk(delta: &Value, finish_reason: Option<&str>) -> Value {
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": examples::now().0,
        "model": "parrot",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }],
    })
}

#[tokio::main]
async fn main() -> Result<()> {
    let stopped = examples::stopped()?;
    let shutdown = Shutdown::new();
    let app = Router::new()
        .route("/", get(async || Html(examples::LLM_PAGE)))
        .route("/v1/chat/completions", post(complete))
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

const ANSWER: &str = include_str!("../../pages/answer.txt");
