//! What the test servers play to the browser; each framework only puts it on the wire.

use std::fmt;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use sse_core::{Event, EventId, EventType, Retry};
use tokio::sync::Notify;

/// The events of a response; an error cuts the connection.
pub(crate) type Events = BoxStream<'static, Result<Event, Cut>>;

/// The scenes, and a gate that holds events back until the page opens it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stage {
    gate: Arc<Notify>,
}

/// The end of a connection in the middle of a response.
#[derive(Debug)]
pub(crate) struct Cut;

impl Stage {
    /// The events of a scene for a browser with this last event ID, or none if it is to stay away.
    pub(crate) fn play(&self, scene: &str, last: Option<&EventId>) -> Option<Events> {
        match (scene, last.map(EventId::as_str)) {
            ("typed", _) => Some(typed()),
            ("held", _) => Some(self.held(Vec::new(), Event::new("first"))),
            ("cut", None) => Some(self.cut()),
            ("cut", Some("naïve ☃")) => Some(retrying("after the cut", SECOND)),
            ("cut", Some(id)) => {
                let event = Event::new(format!("after {id}"));
                Some(then_idle([event]))
            }
            ("stop", None) => Some(retrying("only once", FIRST)),
            _ => None,
        }
    }

    /// Repeats the body of a request line by line; the last line waits for the gate.
    pub(crate) fn echo(&self, body: &str) -> Events {
        let mut lines: Vec<_> = body
            .lines()
            .map(|line| Event::new(line.to_owned()))
            .collect();
        let last = lines.pop().unwrap_or_default();
        self.held(lines, last)
    }

    /// Lets what is held pass.
    pub(crate) fn open_gate(&self) {
        self.gate.notify_one();
    }

    /// One event, and when the page has it, the cut.
    fn cut(&self) -> Events {
        let gate = self.gate.clone();
        let cut = stream::once(async move {
            gate.notified().await;
            Err(Cut)
        });
        retrying("from the start", FIRST).chain(cut).boxed()
    }

    fn held(&self, ready: Vec<Event>, last: Event) -> Events {
        let gate = self.gate.clone();
        let last = stream::once(async move {
            gate.notified().await;
            Ok(last)
        });
        stream::iter(ready).map(Ok).chain(last).boxed()
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scene cuts the connection")
    }
}

impl std::error::Error for Cut {}

fn typed() -> Events {
    then_idle([
        Event::new("hello").event(GREETING).id(1_u64),
        Event::new("two\nlines"),
        Event::new("").event(UNICODE).id(FIRST),
        Event::new(" a leading space"),
        // An empty id resets, an event without data is not dispatched.
        Event::new("reset").id(EventId::EMPTY),
        Event::empty().event(GREETING),
        Event::new("end").event(GREETING),
    ])
}

fn retrying(data: &'static str, id: EventId) -> Events {
    let event = Event::new(data).id(id).retry(SOON);
    stream::iter([Ok(event)]).boxed()
}

fn then_idle<const N: usize>(events: [Event; N]) -> Events {
    stream::iter(events)
        .map(Ok)
        .chain(stream::pending())
        .boxed()
}

const GREETING: EventType = EventType::from_static("greeting");
const UNICODE: EventType = EventType::from_static("naïve");
const FIRST: EventId = EventId::from_static("naïve ☃");
const SECOND: EventId = EventId::from_static("2");
const SOON: Retry = Retry::from_millis(30);
