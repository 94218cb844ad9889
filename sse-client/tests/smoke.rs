//! The shortest way through everything.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

use std::time::Duration;

use http::Request;
use sse_client::{EventSource, MemoryTransport, Reply};
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn events_go_on_after_a_cut_from_the_last_event_id() {
    let transport = MemoryTransport::new()
        .reply(
            Reply::events()
                .chunk("id: 1\ndata: a\n\nid: 2\ndata: b")
                .error("cut"),
        )
        .reply(Reply::refused("connection refused"))
        .reply(Reply::events().chunk("id: 2\nretry: 5000\ndata: b\n\n"));
    let request = Request::get("http://localhost/").body(()).unwrap();
    let mut events = EventSource::with_transport(transport.clone(), request);
    let start = Instant::now();
    let mut seen = Vec::new();
    while let Some(received) = events.next().await {
        seen.push(received.unwrap().data().to_owned());
    }
    assert_eq!(seen, ["a", "b"]);
    let ids: Vec<_> = transport
        .requests()
        .iter()
        .map(|request| request.header("last-event-id").map(str::to_owned))
        .collect();
    let ids: Vec<_> = ids.iter().map(Option::as_deref).collect();
    assert_eq!(ids, [None, Some("1"), Some("1"), Some("2")]);
    assert!(start.elapsed() >= Duration::from_secs(1 + 1 + 5));
    assert_eq!(transport.open_exchanges(), 0);
}
