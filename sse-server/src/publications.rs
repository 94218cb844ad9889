//! What a script keeps beside each message, for as long as the message may be delivered.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::{BufMut as _, Bytes, BytesMut};
use sse_core::{DecoderOptions, Event};
use sse_hub::{Draft, Entry};

use crate::script::{MessageTable, Publication};

/// Publications by the number that stands in the attachment of their entry.
///
/// Bounded: the oldest go first, and are then made anew from what is stored with the entry.
#[derive(Debug)]
pub(crate) struct Publications {
    keeping: Keeping,
    /// Distinguishes numbers of this process from stored ones of an earlier one.
    process: u64,
    most: usize,
    kept: Mutex<Kept>,
}

/// Whether anything is kept at all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Keeping {
    /// There is no script that could ask.
    Nothing,
    /// For the hook `message`.
    ForScripts,
}

#[derive(Debug, Default)]
struct Kept {
    next: u64,
    by_number: BTreeMap<u64, Publication>,
}

/// The process and the number, in front of what is stored.
const HEAD: usize = 16;

impl Publications {
    pub(crate) fn new(keeping: Keeping, most: usize) -> Self {
        let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), HEAD);
        Self {
            keeping,
            process: random,
            most,
            kept: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a publication, and returns the attachment by which its entry finds it.
    pub(crate) fn keep(&self, publication: &Publication) -> Option<Bytes> {
        if self.keeping == Keeping::Nothing {
            return None;
        }
        let stored = publication.to_attachment();
        let mut attachment = BytesMut::with_capacity(HEAD + stored.len());
        attachment.put_u64(self.process);
        let mut kept = self.lock();
        attachment.put_u64(kept.next);
        let number = kept.next;
        kept.by_number.insert(number, publication.clone());
        kept.next += 1;
        while kept.by_number.len() > self.most {
            kept.by_number.pop_first();
        }
        drop(kept);
        if HEAD + stored.len() <= Draft::MAX_ATTACHMENT_LEN {
            attachment.put(stored);
        }
        Some(attachment.freeze())
    }

    /// Returns the publications of entries, in their order.
    pub(crate) fn of_all<'a>(
        &self,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Vec<Publication> {
        let found: Vec<_> = {
            let kept = self.lock();
            let find = |entry: &'a Entry| {
                let number = self.number(entry.attachment()?)?;
                kept.by_number.get(&number).cloned()
            };
            entries
                .into_iter()
                .map(|entry| (entry, find(entry)))
                .collect()
        };
        found
            .into_iter()
            .map(|(entry, kept)| kept.unwrap_or_else(|| stored(entry)))
            .collect()
    }

    fn number(&self, attachment: &Bytes) -> Option<u64> {
        let (process, rest) = attachment.split_first_chunk::<8>()?;
        let (number, _) = rest.split_first_chunk::<8>()?;
        (u64::from_be_bytes(*process) == self.process).then(|| u64::from_be_bytes(*number))
    }
}

/// What is stored with an entry.
fn stored(entry: &Entry) -> Publication {
    let message = message_of(entry);
    let attachment = entry.attachment().and_then(|bytes| bytes.get(HEAD..));
    Publication::from_attachment(attachment.unwrap_or_default(), message)
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
