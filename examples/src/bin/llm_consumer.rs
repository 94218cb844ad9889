#![forbid(unsafe_code)]
//! Reads a language model's answer in the terminal, token by token, from `llm_stream` or any server of its shape.

use std::env;
use std::io::{Write, stdout};

use anyhow::{Context as _, Result};
use reqwest::{Client, header::ACCEPT};
use serde::Deserialize;
use serde_json::json;
use sse_core::StreamExt as _;

#[derive(Deserialize)]
struct Chunk {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Delta,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let url = arguments.next();
    let url = url
        .as_deref()
        .unwrap_or("http://127.0.0.1:3000/v1/chat/completions");
    let question = arguments.next();
    let question = question.as_deref().unwrap_or("What is an event stream?");

    let response = Client::new()
        .post(url)
        .header(ACCEPT, "text/event-stream")
        .json(&json!({
            "model": "parrot",
            "stream": true,
            "messages": [{ "role": "user", "content": question }],
        }))
        .send()
        .await
        .context("is llm_stream running?")?
        .error_for_status()?;

    // A connection that breaks before the marker is an error, not the end of the answer.
    let chunks = response.bytes_stream();
    let mut events = chunks.events().until("[DONE]").require_end();
    while let Some(received) = events.next().await {
        let received = received?;
        let chunk: Chunk = received.json()?;
        for choice in chunk.choices {
            print!("{}", choice.delta.content.unwrap_or_default());
            stdout().flush()?;
        }
    }
    println!();
    Ok(())
}
