//! What a kept event keeps in memory.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;

use sse_core::{Bytes, Decoder, Event, Received};

/// A chunk whose memory is freed when nobody else holds the count.
struct Chunk {
    wire: &'static str,
    _held: Arc<()>,
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        self.wire.as_bytes()
    }
}

/// Decodes a chunk with an event in which every part has text, and lets go of all but what `keep` keeps.
#[track_caller]
fn check<T>(keep: impl FnOnce(&Received) -> T, chunk_is_kept: bool) -> T {
    let held = Arc::new(());
    let mut decoder = Decoder::new();
    decoder.push(Bytes::from_owner(Chunk {
        wire: "id: 7\nevent: tick\ndata: text\n\ndata: much else\n\n",
        _held: Arc::clone(&held),
    }));
    let received = decoder.next().unwrap().unwrap();
    let kept = keep(&received);
    drop((received, decoder));
    assert_eq!(Arc::strong_count(&held) == 2, chunk_is_kept);
    kept
}

#[test]
fn a_kept_event_keeps_its_chunk_and_a_detached_one_does_not() {
    let received = check(Received::clone, true);
    let event = check(|it| it.event.clone(), true);
    assert_eq!(check(Received::detached, false), received);
    assert_eq!(check(|it| it.event.detached(), false), event);
    assert_eq!(check(|it| it.detached().detached(), false), received);
}

#[test]
fn a_detached_comment_has_memory_of_its_own() {
    let chunk = Bytes::from("left out, a comment, left out");
    let text = sse_core::ByteString::try_from(chunk.clone()).unwrap();
    let event = Event::from_comment(text.slice_ref(&text[10..19]));
    let detached = event.detached();
    assert_eq!(detached, event);
    let place = |event: &Event| event.comment.as_ref().unwrap().as_ptr();
    assert!(chunk.as_ptr_range().contains(&place(&event)));
    assert!(!chunk.as_ptr_range().contains(&place(&detached)));
}
