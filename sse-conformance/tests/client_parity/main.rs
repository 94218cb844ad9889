#![forbid(unsafe_code)]
//! What the client does where a browser's `EventSource` does something, row by row, over real sockets.
//!
//! A row that is answered otherwise than by a browser says so in its test's name, behind `unlike_a_browser`.
//! Asserted are requests and items; times are proved elsewhere, on a paused clock.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

mod compression;
mod delays;
mod http2;
mod media_type;
mod network;
mod redirect;
mod request;
mod state;
mod status;
mod stream;

use std::{future::Future, time::Duration};

use http::Request;
use sse_client::{Backoff, Error, EventSource, Jitter, RequestBody};
use sse_conformance::client::{Answer, Scripted};

/// Waits are short, and always the same.
fn quick() -> Backoff {
    Backoff::new()
        .initial(Duration::from_millis(2))
        .floor(Duration::from_millis(2))
        .max(Duration::from_millis(4))
        .jitter(Jitter::None)
}

/// A client of `/`, with short waits.
fn client(server: &Scripted) -> EventSource {
    EventSource::get(server.url("/")).unwrap().backoff(quick())
}

/// A client that asks for something else.
fn asking(request: Request<impl Into<RequestBody>>) -> EventSource {
    EventSource::new(request).backoff(quick())
}

/// Everything that was handed over, each as `type|data|last event ID`, and the error at the end.
#[derive(Debug)]
struct Read {
    items: Vec<String>,
    error: Option<Error>,
}

impl Read {
    #[track_caller]
    fn without_error(&self) -> Vec<&str> {
        assert!(self.error.is_none(), "{self:?}");
        self.items.iter().map(String::as_str).collect()
    }

    #[track_caller]
    fn error(self) -> Error {
        let error = self.error.expect("an error at the end");
        assert!(error.is_final());
        error
    }
}

/// Reads to the end, behind which nothing comes.
async fn read(mut events: EventSource) -> Read {
    let (mut items, mut error) = (Vec::new(), None);
    while let Some(item) = soon(events.next()).await {
        match item {
            Ok(received) => {
                assert!(error.is_none(), "something behind {error:?}");
                items.push(format!(
                    "{}|{}|{}",
                    received.event_type(),
                    received.data(),
                    received.last_event_id.as_str()
                ));
            }
            Err(one) if one.is_final() => error = Some(one),
            Err(one) => items.push(format!("skipped: {one}")),
        }
    }
    assert!(events.next().await.is_none());
    Read { items, error }
}

/// Nothing here takes long.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    let in_time = tokio::time::timeout(Duration::from_secs(30), future).await;
    in_time.expect("it takes too long")
}

/// A server with a script; 204 ends it.
fn server(script: impl IntoIterator<Item = Answer>) -> Scripted {
    Scripted::start(script).unwrap()
}
