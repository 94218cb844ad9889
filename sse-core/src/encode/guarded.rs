use bytes::Bytes;
use bytestring::ByteString;

/// Wire bytes and what lives as long as they do.
struct Guarded<G> {
    // Declared, hence dropped, before the guard: when that says that the memory is free, it is.
    wire: ByteString,
    _guard: G,
}

impl<G> AsRef<[u8]> for Guarded<G> {
    fn as_ref(&self) -> &[u8] {
        self.wire.as_bytes()
    }
}

/// Makes the same text, whose last clone or slice drops `guard`.
pub(super) fn guarded(wire: ByteString, guard: impl Send + 'static) -> ByteString {
    let wire = Bytes::from_owner(Guarded {
        wire,
        _guard: guard,
    });
    ByteString::try_from(wire).expect("the bytes were text before")
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;

    use crate::{EncodedBatch, EncodedEvent, Event};

    #[track_caller]
    fn is_dropped_exactly_with(guard: &Arc<()>, last: impl Sized) {
        assert_eq!(Arc::strong_count(guard), 2);
        drop(last);
        assert_eq!(Arc::strong_count(guard), 1);
    }

    #[test]
    fn an_events_guard_is_dropped_exactly_with_the_last_clone() {
        let guard = Arc::new(());
        let plain = Event::new("x").id(7).encode();
        let event = plain.clone().guarded(Arc::clone(&guard));
        assert_eq!((&event, event.id_range()), (&plain, Some(4..5)));
        let (clone, id) = (event.clone(), event.event_id().unwrap());
        let tail = clone.clone().into_bytes().split_off(6);
        for last in [event.into_bytes(), clone.into_bytes()] {
            drop(last);
            assert_eq!(Arc::strong_count(&guard), 2);
        }
        assert_eq!((&id.as_str(), &tail[..]), (&"7", &b"data: x\n\n"[..]));
        drop(tail);
        is_dropped_exactly_with(&guard, id);
    }

    #[test]
    fn a_batchs_guard_is_dropped_exactly_with_the_last_clone() {
        for events in [1, 3] {
            let guard = Arc::new(());
            let plain: EncodedBatch = (0..events)
                .map(|n| Event::new("x").id(n).encode())
                .collect();
            let batch = plain.clone().guarded(Arc::clone(&guard));
            assert_eq!(batch, plain);
            let (clone, id) = (batch.clone(), batch.last_id().unwrap().clone());
            drop(batch);
            assert_eq!(Some(&id), plain.last_id());
            drop(id);
            is_dropped_exactly_with(&guard, clone.into_bytes());
        }
    }

    #[test]
    fn a_batch_keeps_the_guard_of_an_event_only_where_it_shares_its_bytes() {
        let guard = Arc::new(());
        let event = || Event::new("x").id(7).encode().guarded(Arc::clone(&guard));
        let joined = EncodedBatch::new(&[event(), event()]);
        assert_eq!(Arc::strong_count(&guard), 1);
        assert_eq!(joined.last_id().unwrap(), &"7");
        is_dropped_exactly_with(&guard, EncodedBatch::from(event()));
    }

    #[test]
    fn what_encodes_to_nothing_keeps_its_guard_too() {
        let guard = Arc::new(());
        let empty = EncodedEvent::from(Event::empty()).guarded(Arc::clone(&guard));
        assert!(empty.is_empty());
        is_dropped_exactly_with(&guard, empty);
    }
}
