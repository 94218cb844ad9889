use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use sse_core::{EncodedBatch, EncodedEvent, Retry};

use super::{
    blocks::Blocks, entries::Entries, events::Events, handle::SubscriptionHandle, pages::ColdPage,
    subscribe::REJECTED,
};
use crate::{
    lag::{LagLimit, Lagging},
    listeners::{CloseReason, Listener},
    log::Entry,
    namespace::{LastReading, Namespace, next_listener_id},
    position::Position,
    resume::Resume,
    turns::Turn,
};

pub(super) type Filter = dyn Fn(&Entry) -> bool + Send + Sync;

/// A stream of what is published to some topics, in the order of the log, from one place on.
///
/// Its items are batches of everything that is ready, at most 64 KiB unless one event is larger;
/// [`events`](Self::events) gives single events, [`entries`](Self::entries) what stands behind them.
/// The first item is the opening block and ready at the first poll.
/// While it waits it holds its place in the log and nothing else.
///
/// `Send`, not shareable. Dropping it ends the subscription.
pub struct Subscription {
    pub(super) namespace: Arc<Namespace>,
    pub(super) listener: Arc<Listener>,
    pub(super) blocks: Blocks,
    pub(super) resume: Resume,
    /// Everything up to here has been considered.
    pub(super) position: Position,
    /// The head when it began.
    pub(super) replay_through: u64,
    /// Purges that it need not be told of.
    pub(super) purges_known: u64,
    pub(super) opening: VecDeque<EncodedEvent>,
    pub(super) live_marker: bool,
    pub(super) replay_left: Option<u64>,
    pub(super) latest_per_key: bool,
    pub(super) filter: Option<Box<Filter>>,
    pub(super) cold: Option<Arc<ColdPage>>,
    pub(super) state: State,
    /// The log's version when everything was considered; 0 if something may be left.
    pub(super) seen: u64,
    /// When the log was last looked at.
    pub(super) looked_at: u64,
    /// When it began, or last took something of its replay: how old that is does not make it slow.
    pub(super) replayed_at: u64,
    /// Kept for its memory.
    pub(super) buffer: Vec<Arc<Entry>>,
    /// Its own for as long as it is there.
    _turn: Option<Turn>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum State {
    Open,
    Closed(CloseReason),
}

/// What a subscription begins with.
pub(super) struct Beginning {
    pub(super) namespace: Arc<Namespace>,
    pub(super) listener: Arc<Listener>,
    pub(super) blocks: Blocks,
    pub(super) resume: Resume,
    pub(super) position: Position,
    pub(super) replay_through: u64,
    pub(super) purges_known: u64,
    pub(super) opening: Vec<EncodedEvent>,
    pub(super) markers: bool,
    pub(super) max_replay: Option<u64>,
    pub(super) latest_per_key: bool,
    pub(super) now: u64,
    pub(super) turn: Option<Turn>,
}

/// One step of a subscription: something of the hub's own, or entries.
pub(super) enum Step {
    Control(EncodedBatch),
    Entries(Vec<Arc<Entry>>, Option<EncodedBatch>),
    End,
}

impl Subscription {
    pub(super) fn begin(beginning: Beginning) -> Self {
        let Beginning {
            namespace,
            listener,
            blocks,
            resume,
            position,
            replay_through,
            purges_known,
            opening,
            markers,
            max_replay,
            latest_per_key,
            now,
            turn,
        } = beginning;
        Self {
            namespace,
            listener,
            blocks,
            resume,
            position,
            replay_through,
            purges_known,
            opening: opening.into(),
            live_marker: markers,
            replay_left: max_replay,
            latest_per_key,
            filter: None,
            cold: None,
            state: State::Open,
            seen: 0,
            looked_at: now,
            replayed_at: now,
            buffer: Vec::new(),
            _turn: turn,
        }
    }

    /// A stream that asks its client to come again later; it bears no id, so that the client keeps its own.
    pub(super) fn rejected(namespace: Arc<Namespace>, blocks: Blocks, retry: Retry) -> Self {
        let position = namespace.read_log().head();
        let listener = Listener::new(
            next_listener_id(),
            None,
            Lagging::default(),
            LagLimit::default(),
            position.seq,
            0,
        );
        listener.leave();
        let mut rejected = Self::begin(Beginning {
            namespace,
            listener: Arc::new(listener),
            blocks,
            resume: Resume::Fresh,
            position,
            replay_through: 0,
            purges_known: 0,
            opening: Vec::new(),
            markers: false,
            max_replay: None,
            latest_per_key: false,
            now: 0,
            turn: None,
        });
        rejected.opening.push_back(blocks.opening(None, retry));
        rejected.opening.extend(blocks.close(&REJECTED, None, None));
        rejected.state = State::Closed(REJECTED);
        rejected
    }

    pub(super) fn set_filter(&mut self, filter: Option<Box<Filter>>) {
        self.filter = filter;
    }

    /// Returns what became of the cursor, before anything is read.
    pub fn resume(&self) -> &Resume {
        &self.resume
    }

    /// Returns the headers by which a response can say what became of the cursor.
    ///
    /// There are none if the hub takes no subscription at the moment: nothing became of the cursor, and the client keeps it.
    ///
    /// For pages of other origins they must be named in `Access-Control-Expose-Headers`.
    pub fn resume_headers(&self) -> Vec<(&'static str, String)> {
        if self.state == State::Closed(REJECTED) {
            return Vec::new();
        }
        let mut headers = vec![("SSE-Resume", self.resume.as_str().to_owned())];
        if let Resume::Gap(gap) = &self.resume {
            headers.push(("SSE-Resume-Reason", gap.reason.as_str().to_owned()));
        }
        headers.push(("SSE-Resume-From", self.position.to_string()));
        headers
    }

    /// Returns the place up to which everything has been considered.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Returns why the stream ended, or is about to; `None` while it goes on.
    pub fn end_reason(&self) -> Option<CloseReason> {
        match &self.state {
            State::Closed(reason) => Some(reason.clone()),
            State::Open => self.listener.ending().map(|ending| ending.reason),
        }
    }

    /// Returns a handle that can end it, or change its topics, from elsewhere.
    pub fn handle(&self) -> SubscriptionHandle {
        SubscriptionHandle::new(&self.namespace, &self.listener)
    }

    /// Turns it into a stream of single events.
    pub fn events(self) -> Events {
        Events::new(self)
    }

    /// Turns it into a stream of entries, with topics, key and attachment, for those who skip or replace events themselves.
    pub fn entries(self) -> Entries {
        Entries::new(self)
    }
}

impl Stream for Subscription {
    type Item = EncodedBatch;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<EncodedBatch>> {
        loop {
            return Poll::Ready(match ready!(self.poll_step(cx)) {
                Step::Control(batch) => Some(batch),
                Step::Entries(entries, batch) => {
                    self.reuse(entries);
                    match batch {
                        Some(batch) => Some(batch),
                        None => continue,
                    }
                }
                Step::End => None,
            });
        }
    }
}

impl Subscription {
    pub(super) fn depart(&self) {
        if self.namespace.capabilities.replay {
            self.namespace.cold_pages.leave(self.listener.id);
        }
        if self.listener.leave() {
            self.namespace
                .take_out(&self.listener, LastReading::Nothing);
        } else {
            self.namespace.finish_reading(&self.listener);
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.depart();
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("position", &format_args!("{}", self.position))
            .field("resume", &self.resume)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
