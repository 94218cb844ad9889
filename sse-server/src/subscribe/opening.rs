//! From a request to a place in the log, and what the script says to it.

use std::{
    collections::HashSet,
    sync::{Arc, OnceLock},
};

use bytestring::ByteString;
use http::StatusCode;
use sse_core::{EncodedBatch, Event, EventId};
use sse_hub::{
    Entry, Rejection, Resume, Session, SessionRequest, Subscribe, SubscribeError,
    SubscribeErrorKind, Subscription,
};

use crate::{
    answer::{Refusal, problem, unavailable},
    script::{Hook, MessageTable},
    state::App,
};

/// The topic of a connection whose script has not said what it listens to; nobody else has it.
const WAITING: &str = "sse-server/waiting for its topics";

/// Ids that `catchup` returned, once it has: their entries are not sent again.
pub(super) type Told = Arc<OnceLock<HashSet<EventId>>>;

/// How a place in the log is taken.
#[derive(Clone, Debug)]
pub(super) struct Opening<'a> {
    app: &'a App,
    name: ByteString,
    told: Option<Told>,
}

impl<'a> Opening<'a> {
    pub(super) fn new(app: &'a App, name: ByteString) -> Self {
        let told = app.script_with(Hook::Catchup).map(|_| Told::default());
        Self { app, name, told }
    }

    fn subscribe(&self, topics: Vec<String>) -> Subscribe {
        let subscribe = self
            .app
            .hub
            .subscribe(topics)
            .presence(self.name.clone(), "");
        match self.told.clone() {
            Some(told) => subscribe.filter(move |entry| !was_told(&told, entry)),
            None => subscribe,
        }
    }

    /// Takes a place for topics that are known, behind what the client has.
    pub(super) async fn take(
        &self,
        topics: Vec<String>,
        after: Option<EventId>,
    ) -> Result<Subscription, Refusal> {
        let subscribe = self.subscribe(topics).after(after);
        subscribe.await.map_err(|error| refusal(&error))
    }

    /// Takes a place as the parameters of a query say that clients of the hub know.
    pub(super) async fn take_as_asked(
        &self,
        query: Option<&str>,
        after: Option<EventId>,
    ) -> Result<Subscription, Refusal> {
        let header = |_: &str| None;
        let request = SessionRequest::new(after, query, &header);
        let session = self.app.hub.session(request, |request| {
            let mut session = Session::from_query(request)?;
            session.presence = Some((self.name.clone(), ByteString::new()));
            Ok(session)
        });
        session.await.map_err(|rejection| rejected(&rejection))
    }

    /// Takes a place before it is known what for: what is published from now on will not be missed.
    pub(super) async fn hold(&self) -> Result<Subscription, Refusal> {
        self.take(vec![WAITING.to_owned()], None).await
    }

    /// Goes on from a place that is held, or from behind what the client has if that can be found.
    pub(super) async fn settle(
        &self,
        held: Subscription,
        topics: Vec<String>,
        after: Option<EventId>,
    ) -> Result<Subscription, Refusal> {
        let is_replayed = self.app.is_hub_wire() || self.told.is_none();
        if let Some(after) = after.filter(|_| is_replayed) {
            let resumed = self.take(topics.clone(), Some(after)).await?;
            if self.app.is_hub_wire() || *resumed.resume() == Resume::Complete {
                return Ok(resumed);
            }
        }
        let handle = held.handle();
        let topics = if topics.is_empty() {
            vec![DEFAULT.to_owned()]
        } else {
            topics
        };
        let moved = handle.add_topics(topics);
        moved
            .map_err(|error| Refusal::from(problem(StatusCode::BAD_REQUEST, &error.to_string())))?;
        // It is a name that the hub takes.
        let _ = handle.remove_topics(WAITING);
        Ok(held)
    }

    /// Notes what `catchup` returned, and encodes it.
    pub(super) fn tell(&self, messages: Vec<MessageTable>) -> Option<EncodedBatch> {
        let ids = messages.iter().filter_map(|message| message.id.clone());
        if let Some(told) = &self.told {
            let _ = told.set(ids.collect());
        }
        let encode = |mut message: MessageTable| {
            if self.app.is_hub_wire() {
                // The client's position is the log's.
                message.id = None;
            }
            (!message.is_empty()).then(|| Event::from(message).encode())
        };
        let events: Vec<_> = messages.into_iter().filter_map(encode).collect();
        (!events.is_empty()).then(|| EncodedBatch::new(&events))
    }
}

/// The hub's default topic.
const DEFAULT: &str = "default";

fn was_told(told: &Told, entry: &Entry) -> bool {
    let ids = told.get().filter(|ids| !ids.is_empty());
    ids.zip(entry.own_id())
        .is_some_and(|(ids, id)| ids.contains(id))
}

/// What the hub's own rules answer, in the words of this server.
fn rejected(rejection: &Rejection) -> Refusal {
    let status = StatusCode::from_u16(rejection.status);
    match status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE) {
        StatusCode::SERVICE_UNAVAILABLE => unavailable(&rejection.body).into(),
        status => problem(status, &rejection.body).into(),
    }
}

fn refusal(error: &SubscribeError) -> Refusal {
    match (error.kind(), std::error::Error::source(error)) {
        (SubscribeErrorKind::Topic, Some(rule)) => {
            problem(StatusCode::BAD_REQUEST, &rule.to_string()).into()
        }
        _ => unavailable(&error.to_string()).into(),
    }
}
