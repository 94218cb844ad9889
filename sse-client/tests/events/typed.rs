use serde::Deserialize;
use sse_client::{ErrorKind, MemoryTransport, Reply};

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
    assert_eq!(deltas.next().await.unwrap().unwrap().value.text, "lo");
    assert!(deltas.next().await.is_none());
    let state = deltas.get_ref().resume_state();
    assert_eq!(state.last_event_id().unwrap(), &"1");
}
