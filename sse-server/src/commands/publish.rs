use std::{
    io::{self, Read as _},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::cli::PublishOptions;

/// A message as the server reads it; what is not said is left out.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    comment: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    topic: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

/// Publishes, and prints what the server says.
pub(super) async fn publish(options: PublishOptions) -> Result<ExitCode> {
    let (media_type, body) = if options.ndjson {
        ("application/x-ndjson", stdin()?)
    } else {
        ("application/json", json(&options)?)
    };
    let client = super::client()?;
    let mut request = client
        .post(&options.url)
        .header("content-type", media_type)
        .body(body);
    if let Some(key) = &options.idempotency_key {
        request = request.header("idempotency-key", key);
    }
    let response = request.send().await;
    let response = response.with_context(|| format!("cannot publish to {}", options.url))?;
    let status = response.status();
    let text = response.text().await.context("the answer cannot be read")?;
    if status.is_success() {
        println!("{text}");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{status} {text}");
    Ok(ExitCode::FAILURE)
}

fn json(options: &PublishOptions) -> Result<Vec<u8>> {
    let says_nothing = options.data.is_none()
        && options.event.is_none()
        && options.id.is_none()
        && options.comment.is_empty()
        && options.retry.is_none();
    let data = match &options.data {
        None if says_nothing => {
            let text = String::from_utf8(stdin()?).context("stdin is not UTF-8")?;
            // The line end that `echo` adds is not meant.
            let end = text.strip_suffix('\n').map_or(text.len(), str::len);
            Some(text[..end].to_owned())
        }
        data => data.clone(),
    };
    let body = Body {
        id: options.id.as_deref(),
        event: options.event.as_deref(),
        data: data.as_deref(),
        comment: &options.comment,
        retry: options.retry,
        topic: &options.topic,
        ttl: options.ttl,
        key: options.key.as_deref(),
    };
    Ok(serde_json::to_vec(&body)?)
}

fn stdin() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}
