use std::time::Duration;

use http::{Method, Request};
use sse_client::{Backoff, ErrorKind, EventSource, Jitter, MemoryTransport, RequestBody};
use tokio::time::Instant;

pub(crate) const URL: &str = "http://one.example/events";

pub(crate) fn source(transport: &MemoryTransport) -> EventSource {
    request(transport, Method::GET, ())
}

pub(crate) fn request(
    transport: &MemoryTransport,
    method: Method,
    body: impl Into<RequestBody>,
) -> EventSource {
    let request = Request::builder().method(method).uri(URL).body(body);
    EventSource::with_transport(transport.clone(), request.unwrap())
}

/// One second, two, four: what can be checked to the millisecond.
pub(crate) fn exact() -> Backoff {
    Backoff::new().jitter(Jitter::None)
}

/// What came of an event source until its end.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) data: Vec<String>,
    pub(crate) skipped: usize,
    pub(crate) error: Option<ErrorKind>,
    pub(crate) after: Duration,
}

pub(crate) async fn run(events: &mut EventSource) -> Outcome {
    let start = Instant::now();
    let mut outcome = Outcome {
        data: Vec::new(),
        skipped: 0,
        error: None,
        after: Duration::ZERO,
    };
    while let Some(item) = events.next().await {
        assert_eq!(outcome.error, None, "an item after the final error");
        match item {
            Ok(received) => outcome.data.push(received.data().to_owned()),
            Err(error) if error.is_final() => outcome.error = Some(error.kind()),
            Err(_) => outcome.skipped += 1,
        }
    }
    assert!(events.next().await.is_none(), "the end is the end");
    outcome.after = start.elapsed();
    outcome
}

/// The last event IDs that the requests so far have named.
pub(crate) fn ids(transport: &MemoryTransport) -> Vec<Option<String>> {
    let requests = transport.requests();
    let ids = requests.iter().map(|request| {
        let value = request.headers.get("last-event-id")?;
        Some(String::from_utf8(value.as_bytes().to_vec()).unwrap())
    });
    ids.collect()
}
