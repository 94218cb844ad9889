use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Wake, Waker},
};

use bytes::Bytes;
use sse_core::{Decoder, DecoderOptions, EventId, Received};
use sse_hub::{SubscribeError, Subscription};

use super::{
    reader::Reader,
    record::{Happened, Record, Wish},
};

/// One who reads, goes away and comes back.
pub(crate) struct Client {
    pub(crate) wish: Wish,
    pub(crate) last: Option<EventId>,
    /// Ids that it saw before the last.
    pub(crate) older: Vec<EventId>,
    pub(crate) connection: Option<Connection>,
    pub(crate) paused: bool,
}

/// What a client has of a connection.
pub(crate) struct Connection {
    pub(crate) number: usize,
    pub(crate) place: usize,
    pub(crate) state: State,
    pub(crate) flag: Arc<Flag>,
    pub(crate) decoder: Decoder,
    /// A chunk that is not written yet.
    pub(crate) held: Option<Bytes>,
}

pub(crate) type Asking = Pin<Box<dyn Future<Output = Result<Subscription, SubscribeError>> + Send>>;

pub(crate) enum State {
    Asking(Asking),
    Reading(Box<Reader>),
}

/// Whether a reader was woken.
#[derive(Default)]
pub(crate) struct Flag(AtomicBool);

impl Flag {
    pub(crate) fn raised() -> Arc<Self> {
        Arc::new(Self(AtomicBool::new(true)))
    }

    pub(crate) fn is_up(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn lower(&self) {
        self.0.store(false, Ordering::Release);
    }

    pub(crate) fn raise(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(Arc::clone(self))
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.raise();
    }
}

impl Connection {
    pub(crate) fn new(number: usize, place: usize, asking: Asking) -> Self {
        let decoder = Decoder::with_options(DecoderOptions::new().dataless_blocks());
        Self {
            number,
            place,
            state: State::Asking(asking),
            flag: Flag::raised(),
            decoder,
            held: None,
        }
    }

    /// Decodes what came, and notes it.
    pub(crate) fn decode(&mut self, bytes: &Bytes, record: &Record) -> Vec<Received> {
        // A copy: what is decoded shares its input, and the record would hold what it judges.
        self.decoder.push(Bytes::copy_from_slice(bytes));
        let mut blocks = Vec::new();
        while let Some(decoded) = self.decoder.next() {
            blocks.extend(decoded);
        }
        record.note_all(blocks.iter().map(|block| Happened::Received {
            connection: self.number,
            block: Box::new(block.clone()),
        }));
        blocks
    }
}

impl Client {
    /// Remembers the ids of what it has processed.
    pub(crate) fn remember(&mut self, blocks: &[Received]) {
        for block in blocks {
            if block.event.id.is_some() && self.last.as_ref() != Some(&block.last_event_id) {
                self.older
                    .extend(self.last.replace(block.last_event_id.clone()));
            }
        }
    }
}
