//! What the server itself writes into a stream.

use sse_core::{EncodedBatch, EncodedEvent, Event, EventId, EventType, Retry};

const CLOSE: EventType = EventType::from_static("hub.close");

/// The stream reached its greatest age.
pub(super) fn timeout(retry: Retry) -> EncodedBatch {
    let text = format!(": timeout\nretry: {}\n\n", retry.as_millis());
    let event = EncodedEvent::from_wire(text);
    EncodedBatch::from(event.unwrap_or_else(|_| Event::empty().retry(retry).encode()))
}

/// The stream reached its greatest age, told as the hub tells an end.
pub(super) fn rotation(at: Option<EventId>, retry: Retry) -> EncodedBatch {
    let mut event = closing("timeout").retry(retry).comment("timeout");
    event.id = at;
    EncodedBatch::from(event.encode())
}

/// The hub takes no more for now.
pub(super) fn overload() -> EncodedEvent {
    closing("overload").encode()
}

fn closing(reason: &str) -> Event {
    Event::new(format!(r#"{{"reason":"{reason}"}}"#)).event(CLOSE)
}

/// A reconnection time alone.
pub(super) fn retry(retry: Retry) -> EncodedBatch {
    EncodedBatch::from(Event::empty().retry(retry).encode())
}

/// What begins a stream that is about to end.
pub(super) fn opening(retry: Option<Retry>) -> EncodedEvent {
    let mut event = Event::from_comment("ok");
    event.retry = retry;
    event.encode()
}

/// Silence; with the position so far, where the stream bears positions.
pub(super) fn keep_alive(text: &str, at: Option<EventId>) -> EncodedBatch {
    let mut event = Event::from_comment(text);
    event.id = at;
    EncodedBatch::from(event.encode())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_written_as_clients_know_them() {
        let check = |batch: EncodedBatch, expected: &str| assert_eq!(batch.as_bytes(), expected);
        let second = Retry::from_millis(1000);
        check(timeout(second), ": timeout\nretry: 1000\n\n");
        check(retry(second), "retry: 1000\n\n");
        check(keep_alive("hi", None), ": hi\n\n");
        let at = EventId::from_static("a-1-b");
        check(keep_alive("hi", Some(at.clone())), "id: a-1-b\n: hi\n\n");
        check(
            rotation(Some(at), second),
            "id: a-1-b\nevent: hub.close\nretry: 1000\ndata: {\"reason\":\"timeout\"}\n: timeout\n\n",
        );
    }
}
