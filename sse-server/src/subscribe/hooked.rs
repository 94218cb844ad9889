use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream as _;
use sse_core::{EncodedBatch, EncodedEvent, Event, EventId};
use sse_hub::{CloseReason, Delivery, Entries, Entry};

use super::opening::Told;
use crate::{
    publications,
    script::{HookError, MessageTable, Subscriber},
    state::Shared,
};

type Answers = Vec<Result<Option<MessageTable>, HookError>>;
type Call = Pin<Box<dyn Future<Output = Answers> + Send>>;

/// A subscription each of whose entries is shown to the hook `message`, several at a time and in order.
pub(super) struct Hooked {
    app: Shared,
    entries: Entries,
    subscriber: Arc<Subscriber>,
    call: Option<Call>,
    /// What the call is about.
    asked: Vec<Arc<Entry>>,
    /// The last entry that was sent or left out, if something behind it has been read and not sent.
    resolved: Option<EventId>,
    /// What follows what was asked: events of the hub's own that belong together, such as an opening and a gap.
    controls: Vec<EncodedEvent>,
    /// What follows those.
    next: Option<Arc<Entry>>,
    told: Option<Told>,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// All that was read is sent.
    Idle,
    /// There may be more to read.
    Busy,
    /// Nothing more is read.
    Ended,
}

/// The most entries shown to the hook in one go.
const MOST_AT_ONCE: usize = 64;

impl Hooked {
    pub(super) fn new(
        app: Shared,
        entries: Entries,
        subscriber: Arc<Subscriber>,
        told: Option<Told>,
    ) -> Self {
        Self {
            app,
            entries,
            subscriber,
            call: None,
            asked: Vec::new(),
            resolved: None,
            controls: Vec::new(),
            next: None,
            told,
            state: State::Busy,
        }
    }

    pub(super) fn position(&self) -> Option<EventId> {
        match self.state {
            State::Idle => Some(self.entries.subscription().position().to_event_id()),
            State::Busy | State::Ended => self.resolved.clone(),
        }
    }

    pub(super) fn end_reason(&self) -> Option<CloseReason> {
        self.entries.subscription().end_reason()
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<EncodedBatch>> {
        loop {
            if let Some(call) = &mut self.call {
                let answers = ready!(call.as_mut().poll(cx));
                self.call = None;
                if let Some(batch) = self.take_answers(answers) {
                    return Poll::Ready(Some(batch));
                }
            }
            if !self.controls.is_empty() {
                let controls = std::mem::take(&mut self.controls);
                return Poll::Ready(Some(EncodedBatch::new(&controls)));
            }
            if self.state == State::Ended {
                return Poll::Ready(None);
            }
            ready!(self.poll_entries(cx));
            if !self.asked.is_empty() {
                self.begin_call();
            }
        }
    }

    /// Collects what is ready.
    fn poll_entries(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.state = State::Busy;
        self.asked.extend(self.next.take());
        while self.asked.len() < MOST_AT_ONCE {
            match Pin::new(&mut self.entries).poll_next(cx) {
                Poll::Ready(Some(Delivery::Entry(entry))) if self.controls.is_empty() => {
                    self.asked.push(entry);
                }
                Poll::Ready(Some(Delivery::Entry(entry))) => {
                    self.next = Some(entry);
                    break;
                }
                Poll::Ready(Some(Delivery::Control(control))) => self.controls.push(control),
                Poll::Ready(Some(_)) => {}
                Poll::Ready(None) => {
                    self.state = State::Ended;
                    break;
                }
                Poll::Pending if self.asked.is_empty() && self.controls.is_empty() => {
                    self.state = State::Idle;
                    return Poll::Pending;
                }
                Poll::Pending => break,
            }
        }
        Poll::Ready(())
    }

    fn begin_call(&mut self) {
        let app = Arc::clone(&self.app);
        let subscriber = Arc::clone(&self.subscriber);
        let asked = self.asked.iter().map(|entry| publications::of(entry));
        let publications = asked.collect();
        self.call = Some(Box::pin(async move {
            match app.script() {
                Some(script) => script.message(publications, &subscriber).await,
                None => Vec::new(),
            }
        }));
    }

    /// Turns answers into bytes; after one that cannot be had the stream ends, in front of that entry.
    fn take_answers(&mut self, answers: Answers) -> Option<EncodedBatch> {
        let mut events = Vec::with_capacity(answers.len());
        let told = self.told.as_ref();
        let was_told = |entry: &Entry, table: &MessageTable| {
            told.is_some_and(|told| told.has(entry, table.id.as_ref()))
        };
        for (entry, answer) in self.asked.drain(..).zip(answers) {
            match answer {
                Ok(Some(table)) if !table.is_empty() && !was_told(&entry, &table) => {
                    events.push(encode(&entry, table, self.app.is_hub_wire()));
                }
                // What raised is counted and logged by the script's side.
                Ok(_) => {}
                Err(error) if !error.is_unavailable() => {}
                Err(_) => {
                    self.state = State::Ended;
                    self.controls.clear();
                    self.next = None;
                    break;
                }
            }
            self.resolved = Some(entry.position().to_event_id());
        }
        (!events.is_empty()).then(|| EncodedBatch::new(&events))
    }
}

/// An entry as the hook left it, with the id that the wire has.
fn encode(entry: &Entry, table: MessageTable, is_hub_wire: bool) -> EncodedEvent {
    let mut event = Event::from(table);
    if is_hub_wire {
        event.id = Some(entry.position().to_event_id());
    }
    event.encode()
}

impl fmt::Debug for Hooked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooked")
            .field("entries", &self.entries)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
