use std::{
    collections::BTreeMap,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytestring::ByteString;
use sse_core::EventId;

use crate::{
    hub::Hub,
    lag::{LagLimit, Lagging},
    log::Entry,
    provider::BoxFuture,
    publish::{PublishError, PublishErrorKind},
    resume::{OnGap, Start},
    subscription::{GapAs, Subscribe, SubscribeError, SubscribeErrorKind, Subscription},
};

type Filter = dyn Fn(&Entry) -> bool + Send + Sync;

/// What of a request decides about a subscription, free of any framework.
pub struct SessionRequest<'a> {
    last_event_id: Option<EventId>,
    query: Option<&'a str>,
    header: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> SessionRequest<'a> {
    /// Takes the last event ID as an adapter extracts it, the query as it stands in the URL, and a look-up of headers.
    pub fn new(
        last_event_id: impl Into<Option<EventId>>,
        query: Option<&'a str>,
        header: &'a dyn Fn(&str) -> Option<String>,
    ) -> Self {
        Self {
            last_event_id: last_event_id.into(),
            query,
            header,
        }
    }

    /// Returns the last event ID.
    pub fn last_event_id(&self) -> Option<&EventId> {
        self.last_event_id.as_ref()
    }

    /// Returns the query as it stands in the URL.
    pub fn query(&self) -> Option<&'a str> {
        self.query
    }

    /// Returns the values of a query parameter, decoded.
    pub fn parameters(&self, name: &str) -> Vec<String> {
        form_urlencoded::parse(self.query.unwrap_or_default().as_bytes())
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .collect()
    }

    /// Returns a header's value.
    pub fn header(&self, name: &str) -> Option<String> {
        (self.header)(name)
    }
}

impl fmt::Debug for SessionRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers and query may hold credentials.
        f.debug_struct("SessionRequest")
            .field("last_event_id", &self.last_event_id)
            .finish_non_exhaustive()
    }
}

/// What a session is to be: topics, and where to begin.
///
/// [`from_query`](Self::from_query) reads it from the parameters that clients of the hub know.
#[non_exhaustive]
#[derive(Clone, Default)]
pub struct Session {
    /// Topics and patterns; none is the default topic.
    pub topics: Vec<ByteString>,
    /// Where to begin without a cursor.
    pub start: Start,
    /// Where to go on when it cannot be known what the client has seen.
    pub on_gap: OnGap,
    /// How a gap is told.
    pub gap_as: GapAs,
    /// Whether an event says that all of the replay was delivered.
    pub markers: bool,
    /// Name and data for those who ask who is present.
    pub presence: Option<(ByteString, ByteString)>,
    /// What happens when it falls too far behind; as the hub was told if this is `None`.
    pub lagging: Option<Lagging>,
    /// How far it may fall behind; as the hub was told if this is `None`.
    pub lag_limit: Option<LagLimit>,
    filter: Option<Arc<Filter>>,
}

impl Session {
    /// A session of these topics.
    pub fn topics<T: Into<ByteString>>(topics: impl IntoIterator<Item = T>) -> Self {
        Self {
            topics: topics.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Delivers only entries that this function accepts, as [`Subscribe::filter`] does.
    pub fn filter(mut self, filter: impl Fn(&Entry) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Some(Arc::new(filter));
        self
    }

    /// Reads a session from the query.
    ///
    /// | parameter | value |
    /// |---|---|
    /// | `topic`, repeatable | a topic or pattern |
    /// | `start` | `latest`, `earliest`, `last=N`, `since=SECONDS` (since 1970), `since=Ns`, `Nm`, `Nh` (ago) |
    /// | `on_gap` | `latest`, `earliest`, `fail` |
    /// | `gap_as` | `event`, `message`, `comment` |
    /// | `markers` | `1` |
    ///
    /// # Errors
    /// [`Rejection`] with status 400, which names the parameter.
    pub fn from_query(request: &SessionRequest<'_>) -> Result<Self, Rejection> {
        let mut session = Self::topics(request.parameters("topic"));
        if let Some(start) = request.parameters("start").first() {
            session.start = read_start(start).ok_or_else(|| Rejection::parameter("start"))?;
        }
        if let Some(on_gap) = request.parameters("on_gap").first() {
            session.on_gap = match &**on_gap {
                "latest" => OnGap::Latest,
                "earliest" => OnGap::Earliest,
                "fail" => OnGap::Fail,
                _ => return Err(Rejection::parameter("on_gap")),
            };
        }
        if let Some(gap_as) = request.parameters("gap_as").first() {
            session.gap_as = match &**gap_as {
                "event" => GapAs::Event,
                "message" => GapAs::Message,
                "comment" => GapAs::Comment,
                _ => return Err(Rejection::parameter("gap_as")),
            };
        }
        session.markers = request
            .parameters("markers")
            .first()
            .is_some_and(|value| value == "1");
        Ok(session)
    }

    fn apply(self, mut subscribe: Subscribe) -> Subscribe {
        subscribe = subscribe
            .from(self.start)
            .on_gap(self.on_gap)
            .gap_as(self.gap_as);
        if self.markers {
            subscribe = subscribe.markers();
        }
        if let Some(lagging) = self.lagging {
            subscribe = subscribe.lagging(lagging);
        }
        if let Some(limit) = self.lag_limit {
            subscribe = subscribe.lag_limit(limit);
        }
        if let Some(filter) = self.filter {
            subscribe = subscribe.filter(move |entry| filter(entry));
        }
        match self.presence {
            Some((name, data)) => subscribe.presence(name, data),
            None => subscribe,
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("topics", &self.topics)
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}

fn read_start(text: &str) -> Option<Start> {
    match text {
        "latest" => return Some(Start::Latest),
        "earliest" => return Some(Start::Earliest),
        _ => {}
    }
    match text.split_once('=')? {
        ("last", count) => count.parse().ok().map(Start::Last),
        ("since", time) => {
            if let Ok(seconds) = time.parse() {
                return SystemTime::UNIX_EPOCH
                    .checked_add(Duration::from_secs(seconds))
                    .map(Start::Since);
            }
            let (number, unit) = time.split_at_checked(time.len().checked_sub(1)?)?;
            let unit = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                _ => return None,
            };
            Some(Start::within(Duration::from_secs(
                number.parse::<u64>().ok()?.checked_mul(unit)?,
            )))
        }
        _ => None,
    }
}

/// A response that stands in place of an event stream.
///
/// A browser's `EventSource` gives up for ever on every status but 200.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rejection {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: BTreeMap<&'static str, String>,
    /// The body.
    pub body: String,
}

impl Rejection {
    /// Makes a rejection with a text.
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        let headers = BTreeMap::from([("Content-Type", "text/plain; charset=utf-8".to_owned())]);
        Self {
            status,
            headers,
            body: body.into(),
        }
    }

    /// Tells the client never to come back.
    pub fn stop() -> Self {
        Self {
            status: 204,
            headers: BTreeMap::new(),
            body: String::new(),
        }
    }

    /// Sets a header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    fn parameter(name: &str) -> Self {
        Self::new(
            400,
            format!("the parameter {name} has a value that it cannot have"),
        )
    }
}

impl From<SubscribeError> for Rejection {
    fn from(error: SubscribeError) -> Self {
        match error.kind() {
            SubscribeErrorKind::Topic => {
                let rule =
                    std::error::Error::source(&error).map_or_else(String::new, ToString::to_string);
                Self::new(400, rule)
            }
            SubscribeErrorKind::Gap(gap) => {
                let problem = gap.to_event(None).data.unwrap_or_default();
                Self::new(412, problem.to_string())
                    .header("Content-Type", "application/problem+json")
            }
            SubscribeErrorKind::Closed | SubscribeErrorKind::Unavailable => {
                Self::new(503, error.to_string()).header("Retry-After", "5")
            }
        }
    }
}

impl From<PublishError> for Rejection {
    /// 400 with the rule for what breaks one, else 503.
    fn from(error: PublishError) -> Self {
        match error.kind() {
            PublishErrorKind::Invalid => {
                let rule = std::error::Error::source(&error);
                Self::new(
                    400,
                    rule.map_or_else(|| error.to_string(), ToString::to_string),
                )
            }
            _ => Self::new(503, error.to_string()).header("Retry-After", "5"),
        }
    }
}

impl Hub {
    /// Decides by a hook about a request, and subscribes: for a handler that must answer with headers or a status of its own.
    ///
    /// The hook runs now; the future holds nothing of the request, so it is `Send` whatever the look-up of headers borrows.
    ///
    /// # Errors
    /// What the hook rejects, and what cannot be subscribed to, as a response.
    pub fn session(
        &self,
        request: SessionRequest<'_>,
        hook: impl FnOnce(&SessionRequest<'_>) -> Result<Session, Rejection>,
    ) -> BoxFuture<'static, Result<Subscription, Rejection>> {
        let subscribe = hook(&request).map(|session| {
            let subscribe = self.subscribe(session.topics.clone());
            session.apply(subscribe.after(request.last_event_id))
        });
        Box::pin(async move { Ok(subscribe?.await?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Session, Rejection> {
        Session::from_query(&SessionRequest::new(None, Some(query), &|_| None))
    }

    #[test]
    fn a_query_says_topics_and_start() {
        let session =
            read("topic=a%2Fb&topic=c+d&start=last%3D5&on_gap=earliest&markers=1").unwrap();
        assert_eq!(session.topics, ["a/b", "c d"]);
        assert_eq!(
            (session.start, session.on_gap, session.markers),
            (Start::Last(5), OnGap::Earliest, true)
        );
        assert_eq!(
            read("start=since=60").unwrap().start,
            Start::Since(SystemTime::UNIX_EPOCH + Duration::from_secs(60))
        );
        assert!(matches!(
            read("start=since=5m").unwrap().start,
            Start::Since(_)
        ));
        for bad in [
            "start=last=x",
            "start=since=5d",
            "start=",
            "on_gap=x",
            "gap_as=x",
            "start=since=",
        ] {
            assert_eq!(read(bad).unwrap_err().status, 400, "{bad}");
        }
    }

    #[test]
    fn a_session_is_send_though_its_request_is_not() {
        fn is_send<T: Send>(_: &T) {}
        let headers = std::rc::Rc::new(());
        let header = move |_: &str| (std::rc::Rc::strong_count(&headers) > 1).then(String::new);
        let request = SessionRequest::new(None, Some("start=x"), &header);
        is_send(&Hub::new().session(request, Session::from_query));
    }
}
