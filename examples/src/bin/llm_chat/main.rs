#![forbid(unsafe_code)]
//! Asks a language model and prints its answer token by token: any endpoint in the shape of `OpenAI`'s or Anthropic's API.
//!
//! Without anything set it asks `llm_stream` here. `LLM_URL` is the whole address, `LLM_KEY` the key, `LLM_MODEL` the model.
//! An address that ends in `/messages` is spoken to as Anthropic's.

mod wire;

use std::env;
use std::io::{Write, stdout};

use anyhow::{Context as _, Result};
use serde_json::json;
use sse_client::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use sse_client::http::{Method, Request};
use sse_client::{EventSource, EventType};

use wire::Wire;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = variable("LLM_URL", "http://127.0.0.1:3000/v1/chat/completions");
    let question: Vec<String> = env::args().skip(1).collect();
    let question = match &question[..] {
        [] => "What is an event stream?".to_owned(),
        words => words.join(" "),
    };
    let wire = if url.ends_with("/messages") {
        Wire::Anthropic
    } else {
        Wire::OpenAi
    };

    let request = EventSource::new(request(wire, &url, &question)?);
    // An answer that breaks off is asked for again only before its first byte: the rest of it could not be had.
    let mut events = match wire {
        Wire::OpenAi => request.until("[DONE]"),
        Wire::Anthropic => request.until_event(EventType::from_static("message_stop")),
    }
    .require_end();
    while let Some(received) = events.next().await {
        let received = match received {
            Ok(received) => received,
            Err(mut error) => {
                let said = error.body().await.unwrap_or_default();
                let said = String::from_utf8_lossy(&said).trim().to_owned();
                return Err(error).context(said);
            }
        };
        if let Some(token) = wire.token(&received)? {
            print!("{token}");
            stdout().flush()?;
        }
    }
    println!();
    Ok(())
}

fn request(wire: Wire, url: &str, question: &str) -> Result<Request<String>> {
    let body = json!({
        "model": variable("LLM_MODEL", "parrot"),
        "max_tokens": 1024,
        "stream": true,
        "messages": [{ "role": "user", "content": question }],
    });
    let mut request = Request::new(body.to_string());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = url.parse().context("LLM_URL is no address")?;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let Ok(key) = env::var("LLM_KEY") else {
        return Ok(request);
    };
    let (name, value) = match wire {
        Wire::OpenAi => (AUTHORIZATION, format!("Bearer {key}")),
        Wire::Anthropic => ("x-api-key".parse()?, key),
    };
    let mut value = HeaderValue::try_from(value).context("LLM_KEY is no value of a header")?;
    // It then stays behind when the server redirects to another origin.
    value.set_sensitive(true);
    headers.insert(name, value);
    if let Wire::Anthropic = wire {
        headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    }
    Ok(request)
}

fn variable(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}
