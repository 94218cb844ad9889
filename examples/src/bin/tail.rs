#![forbid(unsafe_code)]
//! Follows an event stream in the terminal, over as many connections as it takes.
//!
//! Events go to standard output, and what happens to the connection to standard error.

use std::io::{self, IsTerminal, Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, error, fs};

use anyhow::{Context as _, Result};
use clap::Parser;
use futures_util::StreamExt;
use serde_json::json;
use sse_client::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use sse_client::http::{Method, Request};
use sse_client::{Error, ErrorKind, EventId, EventSource, Received, RequestBody, State, StateWatch};

/// Follows an event stream: prints its events, reconnects, resumes.
///
/// It ends with status 0 when the server wants no more connections (204) and at Ctrl-C, and with 1 and a message at an error that
/// another connection would not mend.
#[derive(Parser)]
#[command(name = "tail", max_term_width = 80)]
struct Options {
    /// The address, of http or https.
    url: String,

    /// Print an object of JSON a line: `event`, `data`, `last_event_id`.
    #[arg(long)]
    json: bool,

    /// Send a header, too; repeatable.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,

    /// Resume after this event.
    #[arg(long, value_name = "ID")]
    last_event_id: Option<EventId>,

    /// Post this file instead of getting; JSON, unless a header says otherwise.
    #[arg(long, value_name = "FILE")]
    post: Option<PathBuf>,
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue)> {
    let (name, value) = text.split_once(':').context("a header is NAME: VALUE")?;
    Ok((name.trim().parse()?, value.trim().parse()?))
}

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
    let mut events = EventSource::new(request(&options)?);
    if let Some(id) = options.last_event_id {
        events = events.last_event_id(id);
    }
    let states = show_states(events.state(), options.url.clone());
    let follow = async {
        while let Some(item) = events.next().await {
            let received = match item {
                Ok(received) => received,
                Err(error) if error.is_final() => return Err(explained(error).await),
                Err(error) => {
                    eprintln!("{}", chain(&error));
                    continue;
                }
            };
            let printed = if options.json {
                print_json(&received)
            } else {
                print_text(&received)
            };
            // Whoever read this, such as `head`, has enough.
            if printed.is_err() {
                break;
            }
        }
        Ok(())
    };
    tokio::select! {
        result = async { tokio::join!(follow, states).0 } => result,
        () = stopped => Ok(()),
    }
}

fn request(options: &Options) -> Result<Request<RequestBody>> {
    let mut request = Request::new(RequestBody::empty());
    *request.uri_mut() = options.url.parse().context("that is no address")?;
    for (name, value) in &options.headers {
        request.headers_mut().append(name, value.clone());
    }
    if let Some(path) = &options.post {
        let file = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        *request.body_mut() = file.into();
        *request.method_mut() = Method::POST;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().entry(CONTENT_TYPE).or_insert(json);
    }
    Ok(request)
}

fn print_json(received: &Received) -> io::Result<()> {
    let line = json!({
        "event": received.event_type(),
        "data": received.data(),
        "last_event_id": received.last_event_id.as_str(),
    });
    writeln!(stdout(), "{line}")
}

fn print_text(received: &Received) -> io::Result<()> {
    let mut out = stdout().lock();
    let event_type = received.event_type();
    let (on, off) = if is_coloured(&out) {
        // Each type keeps its colour.
        let sum = event_type.bytes().fold(0, u8::wrapping_add);
        (format!("\x1b[1;{}m", 31 + sum % 6), "\x1b[0m")
    } else {
        (String::new(), "")
    };
    for (n, line) in received.data().split('\n').enumerate() {
        match n {
            0 => writeln!(out, "{on}{event_type}{off} {line}")?,
            // What belongs to the same event stands below it.
            _ => writeln!(out, "{:1$} {line}", "", event_type.chars().count())?,
        }
    }
    Ok(())
}

/// Says where the connection is, until it is closed.
async fn show_states(mut states: StateWatch, url: String) {
    let (dim, off) = if is_coloured(&stderr()) {
        ("\x1b[2m", "\x1b[0m")
    } else {
        ("", "")
    };
    while let Some(state) = states.next().await {
        let text = match state {
            State::Connecting => format!("connecting to {url}"),
            State::Open => "open".to_owned(),
            State::Waiting { delay, cause, .. } => {
                format!("{}, again in {delay:.1?}", chain(&*cause))
            }
            State::Closed => "closed".to_owned(),
            _ => continue,
        };
        eprintln!("{dim}{text}{off}");
    }
}

/// The error with what the server said about it: its media type, and the beginning of its body.
async fn explained(mut error: Error) -> anyhow::Error {
    let media_type = error.headers().and_then(|headers| headers.get(CONTENT_TYPE));
    let media_type = media_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let mut text = match (error.kind(), media_type) {
        (ErrorKind::MediaType, Some(media_type)) => format!("{error}, and is {media_type}"),
        (ErrorKind::MediaType, None) => format!("{error}, and is missing"),
        _ => chain(&error),
    };
    let body = error.body().await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body);
    let said: String = body.trim().chars().take(MOST_SAID).collect();
    if !said.is_empty() {
        text = format!("{text}\n{said}");
    }
    anyhow::Error::msg(text)
}

fn chain(error: &(dyn error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn is_coloured(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Characters of a refusal's body that are shown.
const MOST_SAID: usize = 2000;
