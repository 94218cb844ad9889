#![forbid(unsafe_code)]
//! What a client remembers from one connection to the next.

use std::time::Duration;

use anyhow::Result;
use sse_core::{DecoderOptions, EventId, ReconnectState};

fn main() -> Result<()> {
    let mut state = ReconnectState::new()
        .floor(Duration::from_millis(500))
        .cap(Duration::from_secs(30));
    show("Before the first connection", &state);

    // The wire says what to come back with, and when.
    let connections = [
        (
            "The server asks for 3 s",
            "retry: 3000\nid: 41\ndata: a\n\nid: 42\ndata: b\n\ndata: lost",
        ),
        ("Too soon: the floor holds", "retry: 1\nid: 43\ndata: c\n\n"),
        ("Too late: the cap holds", "retry: 99999999999\ndata: d\n\n"),
        ("An empty id resets", "id\ndata: e\n\n"),
    ];
    for (title, wire) in connections {
        let mut decoder = state.decoder(DecoderOptions::new());
        decoder.push(wire);
        while let Some(received) = decoder.next().transpose()? {
            // A stored state resumes even in another process.
            state.observe(&received);
        }
        state.observe_decoder(&decoder);
        show(title, &state);
    }

    let stored = ReconnectState::resume(EventId::try_from("naïve ☃")?);
    show("From a stored id, in UTF-8 as the standard says", &stored);

    println!("On the server, from the header or else from the query:");
    let request = ReconnectState::from_request(None, Some("lastEventId=na%C3%AFve+%E2%98%83"));
    println!("  {:?}", request.last_event_id().map(EventId::as_str));
    Ok(())
}

fn show(title: &str, state: &ReconnectState) {
    let header = state
        .header()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)));
    let header = header.unwrap_or_else(|| "no header".to_owned());
    println!("{title}:\n  wait {:?}, then send {header}", state.delay());
}
