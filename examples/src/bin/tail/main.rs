#![forbid(unsafe_code)]
//! Follows an event stream in the terminal, over as many connections as it takes.
//!
//! Events go to standard output, and what happens to the connection to standard error.

mod error;
mod options;
mod print;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use futures_util::{FutureExt, StreamExt};
use sse_client::EventSource;

use error::{chain, explained};
use options::Options;
use print::{show, to_json, to_text};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tail: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<()> {
    let stopped = examples::stopped()?;
    let mut events = EventSource::new(options.request()?);
    if let Some(id) = &options.last_event_id {
        events = events.last_event_id(id.clone());
    }
    tokio::select! {
        result = follow(&options, events) => result,
        () = stopped => Ok(()),
    }
}

async fn follow(options: &Options, mut events: EventSource) -> Result<()> {
    let mut states = events.state();
    loop {
        let item = tokio::select! {
            item = events.next() => item,
            Some(state) = states.next() => {
                show(&state, &options.url);
                continue;
            }
        };
        // What has happened to the connection before this item.
        while let Some(Some(state)) = states.next().now_or_never() {
            show(&state, &options.url);
        }
        let received = match item {
            None => return Ok(()),
            Some(Ok(received)) => received,
            Some(Err(error)) if error.is_final() => return Err(explained(error).await),
            Some(Err(error)) => {
                eprintln!("{}", chain(&error));
                continue;
            }
        };
        let printed = if options.json {
            to_json(&received)
        } else {
            to_text(&received)
        };
        // Whoever read this, such as `head`, has enough.
        if printed.is_err() {
            return Ok(());
        }
    }
}
