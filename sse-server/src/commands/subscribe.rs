use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use reqwest::Url;
use serde::Serialize;
use sse_core::{EventId, Received};
use tokio::signal::ctrl_c;

use super::follow::{Follow, Reconnecting};
use crate::cli::SubscribeOptions;

/// Prints events until there are enough.
pub(super) async fn subscribe(options: SubscribeOptions) -> Result<ExitCode> {
    let mut url = Url::parse(&options.url).with_context(|| options.url.clone())?;
    for topic in &options.topic {
        url.query_pairs_mut().append_pair("topic", topic);
    }
    let after = options.last_event_id.map(EventId::try_from);
    let after = after.transpose().context("--last-event-id")?;
    let reconnecting = if options.once {
        Reconnecting::Never
    } else {
        Reconnecting::Always
    };
    let mut follow = Follow::new(super::client()?, url.into(), after, reconnecting);
    let mut left = options.count.unwrap_or(u64::MAX);
    while left > 0 {
        let next = tokio::select! {
            next = follow.next() => next?,
            _ = ctrl_c() => None,
        };
        let Some(received) = next else { break };
        let printed = if options.json {
            print_json(&received)
        } else {
            print_text(&received)
        };
        match printed {
            // Whoever read it has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            printed => printed?,
        }
        left -= 1;
    }
    Ok(ExitCode::SUCCESS)
}

/// The data, a line for each of its lines; in front of it the type and the id, if there are any.
fn print_text(received: &Received) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let event = &received.event;
    let marks = [
        event.event.as_ref().map(|it| ("event", it.to_string())),
        event.id.as_ref().map(|it| ("id", it.to_string())),
    ];
    for (name, text) in marks.into_iter().flatten() {
        writeln!(out, "{name}: {text}")?;
    }
    writeln!(out, "{}", received.data())?;
    out.flush()
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    event: &'a str,
    data: &'a str,
}

fn print_json(received: &Received) -> io::Result<()> {
    let line = Line {
        id: received.last_event_id.as_str(),
        event: received.event_type(),
        data: received.data(),
    };
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &line)?;
    writeln!(out)?;
    out.flush()
}
