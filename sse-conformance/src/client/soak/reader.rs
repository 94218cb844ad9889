use std::{future::poll_fn, pin::Pin, sync::Arc, time::Duration};

use futures_core::Stream;
use http::Request;
use sse_client::{Backoff, Checkpoints, Delivery, Error, EventSource, Transport};
use sse_core::{EventId, EventType, Received, ReconnectState};
use tokio::sync::watch;

use super::{
    planted::Planted,
    text::number_of,
    verdict::{END, Item, STATE, Violation},
    watched::{INITIAL, Seen},
};

/// Who reads events, and begins anew with the stored state when told to.
pub(super) struct Reader {
    pub(super) url: String,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) seen: Arc<Seen>,
    pub(super) planted: Option<Planted>,
    pub(super) idle: Duration,
    pub(super) shape: Shape,
    /// Counts the times that it is to begin anew.
    pub(super) restarts: watch::Receiver<u64>,
    pub(super) items: Vec<Item>,
}

/// How events are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    /// As a stream of events.
    Plain,
    /// As a stream of events and checkpoints.
    Checkpoints,
}

enum Events {
    Plain(EventSource),
    Checkpoints(Checkpoints),
}

impl Events {
    async fn next(&mut self) -> Option<Result<Delivery, Error>> {
        match self {
            Self::Plain(events) => {
                let next = poll_fn(|cx| Pin::new(&mut *events).poll_next(cx)).await;
                next.map(|item| item.map(Delivery::Event))
            }
            Self::Checkpoints(events) => events.next().await,
        }
    }

    fn state(&self) -> ReconnectState {
        match self {
            Self::Plain(events) => events.resume_state(),
            Self::Checkpoints(events) => events.get_ref().resume_state(),
        }
    }
}

impl Reader {
    /// Reads from a state on, until it is told to stop or the events end, which they must not.
    pub(super) async fn run(&mut self, mut state: ReconnectState) -> Result<(), Violation> {
        loop {
            self.seen.begin(&state);
            let mut events = self.connect(&state);
            let began = self.read(&mut events).await?;
            if !began {
                return Ok(());
            }
            if self.planted == Some(Planted::StateTooEarly) {
                // Read and not handed over.
                let _ = tokio::time::timeout(self.idle, events.next()).await;
            }
            state = events.state();
            drop(events);
            let progress = &self.seen.progress;
            progress.send_modify(|progress| progress.restarts += 1);
        }
    }

    fn connect(&self, state: &ReconnectState) -> Events {
        let request = Request::get(&self.url).body(()).unwrap_or_default();
        let backoff = Backoff::new()
            .initial(INITIAL)
            .floor(INITIAL)
            .max(Duration::from_millis(4));
        let events = EventSource::with_transport(Arc::clone(&self.transport), request)
            .backoff(backoff)
            .idle_timeout(self.idle)
            .resume(state.clone());
        self.seen.watch(events.state());
        match self.shape {
            Shape::Plain => Events::Plain(events),
            Shape::Checkpoints => Events::Checkpoints(events.checkpoints()),
        }
    }

    /// Reads until it is to begin anew, `true`, or to stop, `false`.
    async fn read(&mut self, events: &mut Events) -> Result<bool, Violation> {
        let mut connection = 0;
        loop {
            let item = tokio::select! {
                changed = self.restarts.changed() => return Ok(changed.is_ok()),
                item = events.next() => item,
            };
            let delivery = match item {
                Some(Ok(delivery)) => delivery,
                Some(Err(error)) => return Err(Violation::new(END, told(&error))),
                None => return Err(Violation::new(END, "the events ended without an error")),
            };
            let id = delivery.last_event_id().clone();
            let state = events.state();
            if state.last_event_id() != Some(&id) && self.shape == Shape::Checkpoints {
                let text = format!(
                    "it is {:?} when {id} was handed over",
                    state.last_event_id()
                );
                return Err(Violation::new(STATE, text));
            }
            let attempts = self.seen.progress.borrow().attempts;
            let is_first = std::mem::replace(&mut connection, attempts) != attempts;
            self.take(delivery, id, is_first && attempts > 1);
        }
    }

    fn take(&mut self, delivery: Delivery, id: EventId, is_first: bool) {
        let mut last_number = None;
        match delivery {
            Delivery::Checkpoint(id) => self.items.push(Item::Checkpoint(id)),
            Delivery::Event(received) if is_closing(&received) => {}
            Delivery::Event(received) | Delivery::Gap(received) => match received.gap() {
                Some(gap) => {
                    if self.planted != Some(Planted::GapSwallowed) {
                        self.items.push(Item::Gap(gap, id));
                    }
                }
                None => {
                    last_number = number_of(received.data());
                    if !self.is_skipped(is_first) {
                        let text = received.data().to_owned();
                        self.items.push(Item::Event(text, id));
                    }
                }
            },
        }
        if self.planted == Some(Planted::Swapped)
            && let [.., Item::Event(..), Item::Event(..)] = self.items[..]
            && self.items.len().is_multiple_of(7)
        {
            let last = self.items.len() - 1;
            self.items.swap(last - 1, last);
        }
        let items = self.items.len() as u64;
        self.seen.progress.send_modify(|progress| {
            progress.items = items;
            progress.last_number = last_number.unwrap_or(progress.last_number);
        });
    }

    /// Whether a mistake keeps an event from being handed over.
    fn is_skipped(&self, is_first: bool) -> bool {
        match self.planted {
            Some(Planted::EventSkipped) => is_first,
            Some(Planted::GapWidened) => matches!(self.items.last(), Some(Item::Gap(..))),
            _ => false,
        }
    }
}

/// The hub says so when it ends a stream; it is none of the entries.
fn is_closing(received: &Received) -> bool {
    received.event.event == Some(EventType::from_static("hub.close"))
}

fn told(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
