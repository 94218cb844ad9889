//! From a request to a place in the log, and what the script says to it.

use std::{
    collections::HashSet,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use bytestring::ByteString;
use http::StatusCode;
use sse_core::{EncodedBatch, Event, EventId};
use sse_hub::{
    Entry, Rejection, Resume, Session, SessionRequest, Start, Subscribe, SubscribeError,
    SubscribeErrorKind, Subscription,
};

use super::rules;
use crate::{
    answer::{Refusal, problem, unavailable},
    script::{Hook, MessageTable},
    state::App,
};

/// The topic of a connection whose script has not said what it listens to.
///
/// What is published to it reaches nobody: no connection reads before it has left this topic.
const WAITING: &str = "sse-server/waiting for its topics";

/// What `catchup` returned, once it has.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(Arc<OnceLock<(HashSet<EventId>, u64)>>);

impl Told {
    /// Whether an entry need not be sent, printed with this id: it was there when `catchup` returned the id.
    pub(super) fn has(&self, entry: &Entry, id: Option<&EventId>) -> bool {
        let told = self.0.get().filter(|(_, head)| entry.seq() <= *head);
        told.zip(id).is_some_and(|((ids, _), id)| ids.contains(id))
    }
}

/// How a place in the log is taken.
#[derive(Clone, Debug)]
pub(super) struct Opening<'a> {
    app: &'a App,
    name: ByteString,
    query: Option<&'a str>,
    told: Option<Told>,
}

/// A place in the log that was taken before it was known what for.
#[derive(Debug)]
pub(super) struct Held {
    subscription: Subscription,
    since: SystemTime,
}

impl<'a> Opening<'a> {
    pub(super) fn new(app: &'a App, name: ByteString, query: Option<&'a str>) -> Self {
        let told = app.script_with(Hook::Catchup).map(|_| Told::default());
        Self {
            app,
            name,
            query,
            told,
        }
    }

    /// Returns what `catchup` will have returned, if there is that hook.
    pub(super) fn told(&self) -> Option<Told> {
        self.told.clone()
    }

    /// Returns what leaves out entries by their publishers' ids; the hook `message` may print others.
    fn filter(&self) -> Option<impl Fn(&Entry) -> bool + Send + Sync + 'static + use<>> {
        let told = self.told();
        let told = told.filter(|_| self.app.script_with(Hook::Message).is_none());
        told.map(|told| move |entry: &Entry| !told.has(entry, entry.own_id()))
    }

    /// Takes a place behind what the client has, or where its query says, as clients of the hub do.
    pub(super) async fn take(
        &self,
        topics: Vec<String>,
        after: Option<EventId>,
    ) -> Result<Subscription, Refusal> {
        if self.app.is_hub_wire() {
            return self.take_as_asked(topics, after, Start::Latest).await;
        }
        let subscribe = self.subscribe(topics).after(after);
        subscribe.await.map_err(|error| refusal(&error))
    }

    fn subscribe(&self, topics: Vec<String>) -> Subscribe {
        let subscribe = self
            .app
            .hub
            .subscribe(topics)
            .presence(self.name.clone(), "");
        match self.filter() {
            Some(filter) => subscribe.filter(filter),
            None => subscribe,
        }
    }

    /// Takes a place as the parameters of the query say; `start` holds where they say nothing.
    async fn take_as_asked(
        &self,
        topics: Vec<String>,
        after: Option<EventId>,
        start: Start,
    ) -> Result<Subscription, Refusal> {
        let header = |_: &str| None;
        let request = SessionRequest::new(after, self.query, &header);
        let session = self.app.hub.session(request, |request| {
            let mut session = Session::from_query(request)?;
            session.topics = topics.into_iter().map(ByteString::from).collect();
            session.presence = Some((self.name.clone(), ByteString::new()));
            if session.start == Start::Latest {
                session.start = start;
            }
            Ok(match self.filter() {
                Some(filter) => session.filter(filter),
                None => session,
            })
        });
        session.await.map_err(|rejection| rejected(&rejection))
    }

    /// Takes a place before it is known what for: what is published from now on will not be missed.
    pub(super) async fn hold(&self) -> Result<Held, Refusal> {
        let since = SystemTime::now();
        let subscribe = self.subscribe(vec![WAITING.to_owned()]);
        let subscription = subscribe.await.map_err(|error| refusal(&error))?;
        Ok(Held {
            subscription,
            since,
        })
    }

    /// Goes on from a place that is held, or from behind what the client has if that can be found.
    pub(super) async fn settle(
        &self,
        held: Held,
        topics: Vec<String>,
        after: Option<EventId>,
    ) -> Result<Subscription, Refusal> {
        if self.app.is_hub_wire() {
            if after.is_some() || rules::says_where(self.query) {
                let start = Start::Since(held.since);
                return self.take_as_asked(topics, after, start).await;
            }
        } else if let Some(after) = after.filter(|_| self.told.is_none()) {
            let resumed = self.take(topics.clone(), Some(after)).await?;
            if *resumed.resume() == Resume::Complete {
                return Ok(resumed);
            }
        }
        let held = held.subscription;
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
            let _ = told.0.set((ids.collect(), self.app.hub.head().seq));
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
