//! What a script keeps beside each message, for as long as the message may be delivered.

use sse_core::{DecoderOptions, Event};
use sse_hub::{Companion, Entry, Publish};

use crate::script::{MessageTable, Publication};

/// Puts a publication beside what it becomes in the log: whole while this process holds the entry, and what is
/// stored of it for later ones.
pub(crate) fn keep(publish: Publish, publication: &Publication) -> Publish {
    publish
        .companion(Companion::new(publication.clone(), publication.size()))
        .attachment(publication.to_attachment())
}

/// Returns the publication of an entry.
pub(crate) fn of(entry: &Entry) -> Publication {
    let kept = entry.companion().and_then(Companion::downcast_ref);
    match kept {
        Some(kept) => Publication::clone(kept),
        None => stored(entry),
    }
}

/// What is stored with an entry.
fn stored(entry: &Entry) -> Publication {
    let attachment = entry.attachment().map(|bytes| &**bytes);
    Publication::from_attachment(attachment.unwrap_or_default(), message_of(entry))
}

/// Reads the message of an entry out of its wire bytes; its id is the publisher's.
fn message_of(entry: &Entry) -> MessageTable {
    let options = DecoderOptions::new().dataless_blocks();
    let mut decoder = sse_core::Decoder::with_options(options);
    decoder.push(entry.event().as_bytes().clone());
    let mut event = match decoder.next() {
        Some(Ok(received)) => received.event,
        _ => Event::empty(),
    };
    event.comment = comments(entry.event().as_str());
    event.id = entry.own_id().cloned();
    MessageTable::from(event)
}

fn comments(wire: &str) -> Option<bytestring::ByteString> {
    let lines = wire.lines().filter_map(|line| line.strip_prefix(':'));
    let texts: Vec<_> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    (!texts.is_empty()).then(|| texts.join("\n").into())
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        sync::Arc,
        task::{Context, Poll, Waker},
    };

    use futures_core::Stream as _;
    use sse_core::EventId;
    use sse_hub::{Delivery, Hub, Ids, Retention, Start};

    use super::*;
    use crate::script::RequestTable;

    fn publication(data: &str) -> Publication {
        let request = RequestTable {
            path: "/sse".into(),
            headers: vec![("x-name".into(), "n".repeat(10_000).into())],
            ..RequestTable::default()
        };
        let event = Event::new(data).comment("c").id(EventId::from_static("7"));
        Publication::new(request, event.into())
    }

    async fn entries(hub: &Hub) -> Vec<Arc<Entry>> {
        let all = hub.subscribe("a").from(Start::Earliest).await.unwrap();
        let mut all = all.entries();
        let mut entries = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(delivery)) = Pin::new(&mut all).poll_next(&mut cx) {
            if let Delivery::Entry(entry) = delivery {
                entries.push(entry);
            }
        }
        entries
    }

    #[tokio::test]
    async fn a_publication_lasts_as_long_as_its_entry_and_counts_with_it() {
        let retention = Retention::default().bytes(50_000);
        let hub = Hub::builder().ids(Ids::Bare).retain(retention).build();
        for index in 0..20 {
            let publication = publication("d");
            let publish = hub.publish("a", publication.message().clone());
            let publish = publish.idempotency_key(format!("{}", index / 5));
            keep(publish, &publication).await.unwrap();
        }
        // Neither the repetitions nor what is refused took the place of anything.
        let kept = entries(&hub).await;
        assert_eq!(kept.len(), 4);
        for entry in kept {
            assert_eq!(of(&entry).request().headers[0].1.len(), 10_000);
        }
        assert!(hub.memory().retained > 40_000, "{:?}", hub.memory());
    }

    #[tokio::test]
    async fn what_another_process_published_is_made_anew() {
        let hub = Hub::builder().ids(Ids::Bare).build();
        let publication = publication("a\nb");
        let publish = hub.publish("a", publication.message().clone());
        let publish = publish.attachment(publication.to_attachment());
        publish.await.unwrap();
        let again = of(&entries(&hub).await[0]);
        assert_eq!(again.message(), publication.message());
        assert_eq!(&*again.request().path, "/sse");
        assert!(again.request().headers.is_empty());
    }
}
