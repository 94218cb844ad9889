use std::time::Duration;

use http::{Method, StatusCode};
use sse_client::{Backoff, ErrorKind, EventType, MemoryTransport, Reply};
use tokio::time::timeout;

use crate::scene::{request, run, source};

fn answer(wire: &'static str) -> MemoryTransport {
    MemoryTransport::new().reply(Reply::events().chunk(wire).hang())
}

#[tokio::test(start_paused = true)]
async fn a_marker_ends_without_another_connection() {
    let transport = answer("data: a\n\ndata: [DONE]\n\ndata: b\n\n");
    let outcome = run(&mut source(&transport).until("[DONE]").require_end()).await;
    assert_eq!(outcome.data, ["a"]);
    assert_eq!(outcome.error, None);
    assert_eq!(transport.requests().len(), 1);
    assert_eq!(transport.open_exchanges(), 0);

    let transport = answer("data: a\n\nevent: message_stop\ndata: {}\n\ndata: b\n\n");
    let outcome =
        run(&mut source(&transport).until_event(EventType::from_static("message_stop"))).await;
    assert_eq!(outcome.data, ["a", "{}"]);
    assert_eq!(transport.requests().len(), 1);

    // Whichever comes first.
    let transport = answer("event: x\ndata: [DONE]\n\nevent: x\ndata: b\n\n");
    let outcome = run(&mut source(&transport)
        .until("[DONE]")
        .until_event(EventType::from_static("x")))
    .await;
    assert!(outcome.data.is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_of_several_markers_ends() {
    let wires = [
        ("event: completed\ndata: 1\n\n", 1),
        ("event: failed\ndata: 1\n\n", 1),
        ("data: [DONE]\n\n", 0),
        ("data: [END]\n\n", 0),
    ];
    for (wire, given) in wires {
        let transport = answer(wire);
        let mut events = source(&transport)
            .until("[DONE]")
            .until("[END]")
            .until_event(EventType::from_static("completed"))
            .until_event(EventType::from_static("failed"))
            .require_end();
        let first = timeout(Duration::from_secs(1), run(&mut events)).await;
        let outcome = first.expect(wire);
        assert_eq!((outcome.data.len(), outcome.error), (given, None), "{wire}");
    }
    // The empty type is none, which is `message`.
    for event_type in ["", "message"] {
        let mut events = source(&answer("data: a\n\n"));
        events = events.until_event(EventType::from_static(event_type));
        assert_eq!(run(&mut events).await.data, ["a"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_without_its_marker_is_an_error_where_it_is_required() {
    let unfinished = || MemoryTransport::new().reply(Reply::events().chunk("data: a\n\n"));
    let ended = Some(ErrorKind::UnfinishedStream);
    let mut events = request(&unfinished(), Method::POST, "question").until("[DONE]");
    assert_eq!(run(&mut events).await.error, None);
    let mut events = request(&unfinished(), Method::POST, "question")
        .until("[DONE]")
        .require_end();
    assert_eq!(run(&mut events).await.error, ended);
    let mut events = source(&unfinished())
        .backoff(Backoff::never())
        .require_end();
    assert_eq!(run(&mut events).await.error, ended);
    // The answer 204 is an end, too.
    let transport = unfinished().reply(Reply::status(StatusCode::NO_CONTENT));
    assert_eq!(
        run(&mut source(&transport).require_end()).await.error,
        ended
    );
    // Another error is more than that there was no marker.
    let transport = MemoryTransport::new().reply(Reply::status(StatusCode::UNAUTHORIZED));
    let outcome = run(&mut source(&transport).require_end()).await;
    assert_eq!(outcome.error, Some(ErrorKind::Status));
    let mut events = source(&unfinished()).require_end();
    events.closer().close();
    assert_eq!(run(&mut events).await.error, None);
}

#[tokio::test(start_paused = true)]
async fn a_response_that_ends_before_the_marker_is_followed_by_another() {
    let transport = MemoryTransport::new()
        .reply(Reply::events().chunk("id: 1\ndata: a\n\n"))
        .reply(Reply::events().chunk("id: 2\ndata: b\n\ndata: [DONE]\n\n"));
    let outcome = run(&mut source(&transport).until("[DONE]").require_end()).await;
    assert_eq!(outcome.data, ["a", "b"]);
    assert_eq!(outcome.error, None);
}
