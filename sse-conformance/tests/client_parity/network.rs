use std::time::Duration;

use sse_client::{ErrorKind, EventSource, State, StateWatch};
use sse_conformance::client::Answer;

use crate::{client, quick, read, server, soon};

/// Waits until a connection or an attempt has failed, in the way that is expected.
async fn fails(state: &mut StateWatch, kind: ErrorKind) {
    soon(async {
        loop {
            match state.changed().await.expect("it goes on") {
                State::Waiting { cause, .. } if cause.kind() == kind => return,
                _ => {}
            }
        }
    })
    .await;
}

#[tokio::test]
async fn unlike_a_browser_a_refused_first_connection_is_retried() {
    let server = server([Answer::events("data: x\n\n")]);
    server.refuse().await;
    let events = client(&server);
    let mut state = events.state();
    let reading = tokio::spawn(read(events));
    fails(&mut state, ErrorKind::Transport).await;
    fails(&mut state, ErrorKind::Transport).await;
    server.accept().await;
    let read = soon(reading).await.unwrap();
    assert_eq!(read.without_error(), ["message|x|"]);
}

#[tokio::test]
async fn a_refused_reconnection_is_retried_with_the_id() {
    let server = server([
        Answer::events("id: 1\ndata: x\n\n").then_refuse(),
        Answer::events("id: 2\ndata: y\n\n"),
    ]);
    let events = client(&server);
    let mut state = events.state();
    let reading = tokio::spawn(read(events));
    fails(&mut state, ErrorKind::Transport).await;
    fails(&mut state, ErrorKind::Transport).await;
    server.accept().await;
    let read = soon(reading).await.unwrap();
    assert_eq!(read.without_error(), ["message|x|1", "message|y|2"]);
    assert_eq!(server.asked()[1].text("last-event-id"), "1");
}

#[tokio::test]
async fn a_reset_before_the_response_is_retried() {
    let server = server([
        Answer::nothing().reset(),
        Answer::nothing().cut(),
        Answer::raw("HTTP/1.1 200 OK\r\ncontent-ty").reset(),
        Answer::events("data: x\n\n"),
    ]);
    assert_eq!(read(client(&server)).await.without_error(), ["message|x|"]);
    assert_eq!(server.asked().len(), 5);
}

#[tokio::test]
async fn a_reset_behind_an_event_is_no_item_and_the_event_counts() {
    for answer in [
        Answer::events("id: 1\ndata: x\n\nid: 2\n").cut(),
        Answer::events("id: 1\ndata: x\n\nid: 2\n").chunked().cut(),
        Answer::events("id: 1\ndata: x\n\n").wait(SETTLE).reset(),
        Answer::events("id: 1\ndata: x\n\n").header("content-length", "999"),
    ] {
        let server = server([answer]);
        assert_eq!(read(client(&server)).await.without_error(), ["message|x|1"]);
        assert_eq!(server.asked()[1].text("last-event-id"), "1");
    }
}

/// A reset overtakes bytes that have not been read.
const SETTLE: Duration = Duration::from_millis(50);

#[tokio::test]
async fn what_is_no_http_is_retried_as_a_failure_of_the_network() {
    let server = server([Answer::raw("SSH-2.0-x\r\n"), Answer::events("data: x\n\n")]);
    assert_eq!(read(client(&server)).await.without_error(), ["message|x|"]);
}

#[tokio::test]
async fn unlike_a_browser_a_black_hole_is_left_after_the_idle_timeout() {
    let server = server([
        Answer::nothing().silence(),
        Answer::events("id: 1\ndata: x\n\nda").silence(),
        Answer::events("").silence(),
        Answer::events("id: 2\ndata: y\n\n").chunked().silence(),
    ]);
    let events = client(&server).idle_timeout(Duration::from_millis(500));
    assert_eq!(
        read(events).await.without_error(),
        ["message|x|1", "message|y|2"]
    );
    let asked = server.asked();
    let ids: Vec<_> = asked.iter().map(|it| it.text("last-event-id")).collect();
    assert_eq!(ids, ["", "", "1", "1", "2"]);
}

#[tokio::test]
async fn a_slow_drip_is_read_byte_by_byte_and_never_idle() {
    let body = "id: 1\ndata: a\r\n\r\n: comment\n\nid: 2\nevent: é\ndata: ☃\n\n";
    let server = server([Answer::events("").drip(body, Duration::from_millis(2))]);
    let events = client(&server).idle_timeout(Duration::from_millis(500));
    assert_eq!(read(events).await.without_error(), ["message|a|1", "é|☃|2"]);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn comments_alone_keep_a_connection_alive() {
    let mut answer = Answer::events("");
    for _ in 0..8 {
        answer = answer.send(":\n\n").wait(Duration::from_millis(60));
    }
    let server = server([answer.send("data: x\n\n")]);
    let events = client(&server).idle_timeout(Duration::from_millis(400));
    assert_eq!(read(events).await.without_error(), ["message|x|"]);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn an_event_is_handed_over_before_its_response_goes_on() {
    let server = server([Answer::events("data: x\n\nda").silence()]);
    let mut events = client(&server);
    let first = soon(events.next()).await.unwrap().unwrap();
    assert_eq!(first.data(), "x");
}

#[tokio::test]
async fn the_end_of_retries_is_an_error_that_names_the_last_failure() {
    let server = server([]);
    server.refuse().await;
    let backoff = quick().max_retries(2);
    let events = EventSource::get(server.url("/")).unwrap().backoff(backoff);
    let error = read(events).await.error();
    assert_eq!(error.kind(), ErrorKind::RetriesExhausted);
    assert_eq!(error.cause().unwrap().kind(), ErrorKind::Transport);
}
