use http::{Method, StatusCode};
use sse_client::{Backoff, ErrorKind, MemoryTransport, Reply};

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
    let outcome = run(&mut source(&transport).until_event("message_stop")).await;
    assert_eq!(outcome.data, ["a", "{}"]);
    assert_eq!(transport.requests().len(), 1);

    // Whichever comes first.
    let transport = answer("event: x\ndata: [DONE]\n\nevent: x\ndata: b\n\n");
    let outcome = run(&mut source(&transport).until("[DONE]").until_event("x")).await;
    assert!(outcome.data.is_empty());
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
