use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use reqwest::Url;
use serde::Serialize;
use sse_client::{ErrorKind, EventSource, State, Verdict};
use sse_core::{EventId, Received};
use tokio::signal::ctrl_c;

use crate::cli::SubscribeOptions;

/// Prints events until there are enough.
pub(super) async fn subscribe(options: SubscribeOptions) -> Result<ExitCode> {
    let mut events = source(&options)?;
    let mut state = events.state();
    let mut left = options.count.unwrap_or(u64::MAX);
    while left > 0 {
        let next = tokio::select! {
            next = events.next() => next,
            Some(state) = state.changed() => {
                tell(&state);
                continue;
            }
            _ = ctrl_c() => None,
        };
        let received = match next {
            None => break,
            Some(Ok(received)) => received,
            Some(Err(error)) if error.kind() == ErrorKind::Ended => break,
            Some(Err(error)) => return Err(error).context(options.url),
        };
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

fn source(options: &SubscribeOptions) -> Result<EventSource> {
    let mut url = Url::parse(&options.url).with_context(|| options.url.clone())?;
    for topic in &options.topic {
        url.query_pairs_mut().append_pair("topic", topic);
    }
    let mut events = EventSource::get(url)?;
    if let Some(id) = &options.last_event_id {
        let id = EventId::try_from(id.as_str()).context("--last-event-id")?;
        events = events.last_event_id(id);
    }
    if options.once {
        events = events.retry_if(|_| Verdict::Stop);
    }
    Ok(events)
}

/// Says why nothing comes for a while; that a stream ended and goes on is nothing to say.
fn tell(state: &State) {
    if let State::Waiting { cause, .. } = state
        && cause.kind() != ErrorKind::Ended
    {
        eprintln!("{cause}");
    }
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
