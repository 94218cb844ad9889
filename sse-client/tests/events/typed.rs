use serde::Deserialize;
use sse_client::{ErrorKind, GapReason, MemoryTransport, Reply};

use crate::scene::source;

#[derive(Debug, Deserialize, PartialEq)]
struct Delta {
    text: String,
}

#[tokio::test(start_paused = true)]
async fn data_is_decoded_and_what_is_none_is_no_end() {
    let wire = "id: 1\ndata: {\"text\":\"Hel\"}\n\n:comment\n\ndata: oops\n\n\
        data: {\"text\":\"lo\"}\n\ndata: [DONE]\n\n";
    let transport = MemoryTransport::new().reply(Reply::events().chunk(wire));
    let mut deltas = source(&transport)
        .comments()
        .until("[DONE]")
        .typed::<Delta>();
    let first = deltas.next().await.unwrap().unwrap();
    assert_eq!(first.value.text, "Hel");
    assert_eq!(first.received.last_event_id, "1");
    let error = deltas.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Json);
    assert!(!error.is_final());
    assert_eq!(error.received().unwrap().data(), "oops");
    assert_eq!(deltas.next().await.unwrap().unwrap().value.text, "lo");
    assert!(deltas.next().await.is_none());
    let state = deltas.get_ref().resume_state();
    assert_eq!(state.last_event_id().unwrap(), &"1");
}

/// What the data of a gap would be taken for.
#[derive(Debug, Deserialize)]
struct Lenient {}

#[tokio::test(start_paused = true)]
async fn a_gap_is_no_value_and_cannot_be_missed() {
    let wire = "event: hub.gap\nid: 5\ndata: {\"reason\":\"expired\"}\n\nid: 6\ndata: {}\n\n";
    let transport = MemoryTransport::new().reply(Reply::events().chunk(wire));
    let mut values = source(&transport).typed::<Lenient>();
    let error = values.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gap);
    assert!(!error.is_final());
    let received = error.received().unwrap();
    assert_eq!(received.gap().unwrap().reason, GapReason::Expired);
    assert_eq!(received.last_event_id, "5");
    let next = values.next().await.unwrap().unwrap();
    assert_eq!(next.received.last_event_id, "6");
}
