use sse_client::State;
use sse_conformance::client::Answer;
use sse_core::{EventId, ReconnectState};

use crate::{client, read, server, soon};

#[tokio::test]
async fn the_states_can_be_seen_without_the_events() {
    let server = server([Answer::events("data: x\n\n").silence()]);
    let mut events = client(&server);
    let mut state = events.state();
    assert!(matches!(state.current(), State::Connecting));
    let reading = tokio::spawn(async move {
        soon(events.next()).await;
        events
    });
    soon(async { while !matches!(state.changed().await, Some(State::Open)) {} }).await;
    drop(reading.await.unwrap());
    soon(async { while !matches!(state.changed().await, None | Some(State::Closed)) {} }).await;
}

#[tokio::test]
async fn the_state_that_is_stored_is_what_was_handed_over() {
    let body = "id: 1\nretry: 3\ndata: a\n\nid: 2\ndata: b\n\nid: 3\n\n";
    let server = server([Answer::events(body).silence()]);
    let mut events = client(&server);
    for id in [1, 2] {
        soon(events.next()).await.unwrap().unwrap();
        let state = events.resume_state();
        assert_eq!(state.last_event_id(), Some(&EventId::from(id)));
        assert_eq!(state.retry().map(sse_core::Retry::as_millis), Some(3));
    }
    let state: ReconnectState = events.resume_state();
    drop(events);
    server.push(Answer::events("data: c\n\n"));
    let read = read(client(&server).resume(state)).await;
    assert_eq!(read.without_error(), ["message|c|2"]);
    assert_eq!(server.asked()[1].text("last-event-id"), "2");
}

#[tokio::test]
async fn closing_ends_also_while_it_waits_or_connects() {
    for answer in [
        Answer::nothing().silence(),
        Answer::events("data: x\n\n").silence(),
        Answer::events("retry: 3600000\n\n"),
    ] {
        let server = server([answer]);
        let events = client(&server);
        let closer = events.closer();
        let reading = tokio::spawn(read(events));
        soon(server.asked_times(1)).await;
        closer.close();
        soon(reading).await.unwrap().without_error();
    }
}
