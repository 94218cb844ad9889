use std::env;
use std::io::{self, IsTerminal, Write, stderr, stdout};

use serde_json::json;
use sse_client::{Received, State};

use crate::error::chain;

/// Prints an event as a line of JSON.
pub(crate) fn to_json(received: &Received) -> io::Result<()> {
    let line = json!({
        "event": received.event_type(),
        "data": received.data(),
        "last_event_id": received.last_event_id.as_str(),
    });
    writeln!(stdout(), "{line}")
}

/// Prints an event with its type, each line of its data below the other.
pub(crate) fn to_text(received: &Received) -> io::Result<()> {
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

/// Says where the connection is.
pub(crate) fn show(state: &State, url: &str) {
    let (dim, off) = if is_coloured(&stderr()) {
        ("\x1b[2m", "\x1b[0m")
    } else {
        ("", "")
    };
    let text = match state {
        State::Connecting => format!("connecting to {url}"),
        State::Open => "open".to_owned(),
        State::Waiting { delay, cause, .. } => {
            format!("{}, again in {delay:.1?}", chain(&**cause))
        }
        State::Closed => "closed".to_owned(),
        _ => return,
    };
    eprintln!("{dim}{text}{off}");
}

fn is_coloured(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
