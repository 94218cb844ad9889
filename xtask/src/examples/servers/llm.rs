//! The language model and its reader.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::examples::response::Response;
use crate::examples::server::Server;
use crate::job::Job;

pub(super) fn ask(server: &Server) -> Result<Response> {
    let body = r#"{"model":"parrot","stream":true,"messages":[{"role":"user","content":"Why?"}]}"#;
    Response::post(&format!("{}v1/chat/completions", server.url), body)
}

pub(super) fn answers() -> Result<()> {
    let server = Server::example("llm_stream", &[])?;
    let text = ask(&server)?.end()?;
    let blocks: Vec<_> = text.split_terminator("\n\n").collect();
    let (last, chunks) = blocks.split_last().context("no event")?;
    ensure!(*last == "data: [DONE]", "the last event is {last:?}");
    let mut answer = String::new();
    let mut reason = Value::Null;
    for chunk in chunks {
        let data = chunk
            .strip_prefix("data: ")
            .context("a block without data")?;
        let chunk: Value = serde_json::from_str(data)?;
        ensure!(chunk["object"] == "chat.completion.chunk", "{chunk}");
        answer += chunk["choices"][0]["delta"]["content"]
            .as_str()
            .unwrap_or_default();
        reason = chunk["choices"][0]["finish_reason"].clone();
    }
    ensure!(
        answer.contains("Why?") && answer.trim_end().ends_with(END),
        "{answer}"
    );
    ensure!(reason == "stop", "it finished because of {reason}");
    Ok(())
}

pub(super) fn refuses() -> Result<()> {
    let server = Server::example("llm_stream", &[])?;
    let url = format!("{}v1/chat/completions", server.url);
    let mut response = Response::post(&url, r#"{"messages":[]}"#)?;
    response.end()?;
    ensure!(
        response.head().starts_with("http/1.1 400"),
        "{}",
        response.head()
    );
    Ok(())
}

pub(super) fn is_consumed() -> Result<()> {
    let server = Server::example("llm_stream", &[])?;
    let url = format!("{}v1/chat/completions", server.url);
    let job = Job::cargo("run --quiet --package examples --bin llm_consumer --");
    let finished = job.args([&url, "Why?"]).run()?;
    ensure!(finished.success, finished.complaint());
    let text = finished.text.trim_end();
    ensure!(
        text.contains("Why?") && text.ends_with(END),
        "it printed {text}"
    );
    // Without the marker the answer is not whole, and the program says so.
    let job = Job::cargo("run --quiet --package examples --bin llm_consumer --");
    let finished = job.args(["http://127.0.0.1:9/"]).run()?;
    ensure!(!finished.success, "it is content without a server");
    Ok(())
}

const END: &str = "already speaks it.";
