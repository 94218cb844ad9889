mod body;
mod connection;
mod end_marker;
mod ending;
mod idle;
mod oversized;
mod response;
mod settings;
mod unsafe_id;

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_core::{FusedStream, Stream};
use http::{
    HeaderMap, HeaderValue, Request, Uri,
    header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL},
    response::Parts,
    uri::Authority,
};
use sse_core::{
    Decoder, EventId, LAST_EVENT_ID, MEDIA_TYPE, Received, ReconnectState,
    last_event_id_from_header,
};
use tokio::{sync::watch, time::Instant};

pub use self::{oversized::Oversized, unsafe_id::UnsafeId};
#[cfg(feature = "json")]
use crate::typed::TypedEvents;
use crate::{
    address::{address, shown},
    basic_credentials::basic_credentials,
    checkpoints::Checkpoints,
    closer::{Closer, Closing},
    error::Error,
    listeners::Listeners,
    redirect::Target,
    schedule::Schedule,
    state::{State, StateWatch},
    transport::{RequestBody, Transport},
};
use connection::Phase;
use idle::Idle;
use oversized::Skipped;
use settings::Settings;

/// The events of an address, over as many connections as it takes.
///
/// Nothing is sent before it is first polled; methods that set something are called before that.
/// It is a [`Stream`] of `Result<Received, Error>`:
///
/// * `Ok` is an event. A failure that is followed by another connection is no item; see [`state`](Self::state).
/// * `Err` is final, and `None` follows, unless [`Error::is_final`] says otherwise: after an event that was skipped, events go on.
/// * `None` is the end: the server answered 204, an end marker came, [`Closer::close`] was called, or a response has ended
///   that no other is to follow, such as that to a POST.
///
/// Events come in order, and are asked for only when they are taken: a slow reader slows the server down.
/// Dropping it closes the connection at once; it has no task.
/// It needs a tokio runtime with its timer when it is polled, is `Send` and `Unpin`, and configuring never changes its type.
pub struct EventSource {
    transport: Arc<dyn Transport>,
    settings: Settings,
    target: Target,
    body: RequestBody,
    /// Whether the body was a stream and has been sent.
    body_spent: bool,

    phase: Phase,
    decoder: Decoder,
    /// What the user gave to resume from; the decoder goes on from it.
    resumed: ReconnectState,
    /// Whether the request came with an id that no event can have had.
    unreadable_id: bool,
    last_safe_id: EventId,
    skipped: Option<Skipped>,
    response: Option<Parts>,
    ever_open: bool,
    schedule: Schedule,
    started: Option<Instant>,
    idle: Idle,

    state: watch::Sender<State>,
    closing: Arc<Closing>,
    listeners: Listeners,
}

impl EventSource {
    /// Gets the events of an address, such as `https://example.com/events`, with the default transport.
    ///
    /// A user and password in it are sent as basic credentials.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Address`](crate::ErrorKind::Address) if it is no absolute address of `http` or `https`.
    #[cfg(feature = "reqwest")]
    pub fn get(url: impl AsRef<str>) -> Result<Self, Error> {
        use crate::error::ErrorKind;

        let url = url::Url::parse(url.as_ref())
            .map_err(|error| Error::because(ErrorKind::Address, error))?;
        let uri = address(&url).ok_or_else(|| Error::new(ErrorKind::Address))?;
        let mut request = Request::new(());
        *request.uri_mut() = uri;
        if let Some(credentials) = basic_credentials(&url) {
            request.headers_mut().insert(AUTHORIZATION, credentials);
        }
        Ok(Self::new(request))
    }

    /// Gets the events that answer a request, of any method, with any headers and body, with the default transport.
    ///
    /// `accept` and `cache-control` are set as browsers do, unless the request has them;
    /// a `last-event-id`, which has to be UTF-8, is the one that [`last_event_id`](Self::last_event_id) sets;
    /// a user and password in the address are sent as basic credentials, unless the request has an `authorization`.
    /// A request that cannot be sent is an error at the first poll.
    #[cfg(feature = "reqwest")]
    pub fn new(request: Request<impl Into<RequestBody>>) -> Self {
        Self::with_transport(crate::transport::ReqwestTransport::new(), request)
    }

    /// Gets the events that answer a request, with a transport of your own.
    pub fn with_transport(
        transport: impl Transport,
        request: Request<impl Into<RequestBody>>,
    ) -> Self {
        let (parts, body) = request.into_parts();
        let mut headers = parts.headers;
        let sent_id = headers
            .remove(LAST_EVENT_ID)
            .filter(|value| !value.is_empty());
        let id = sent_id
            .as_ref()
            .and_then(|value| last_event_id_from_header(value.as_bytes()));
        let unreadable_id = sent_id.is_some() && id.is_none();
        set_unless_there(&mut headers);
        let uri = without_user(parts.uri, &mut headers);
        let resumed = ReconnectState::resume(id.unwrap_or_default());
        let settings = Settings::default();
        Self {
            transport: Arc::new(transport),
            target: Target {
                method: parts.method,
                uri,
                headers,
                with_body: true,
            },
            body: body.into(),
            body_spent: false,
            phase: Phase::Idle,
            decoder: resumed.decoder(settings.decoder),
            last_safe_id: settings::safe_id(&resumed),
            resumed,
            unreadable_id,
            skipped: None,
            response: None,
            ever_open: false,
            schedule: Schedule::new(settings.backoff),
            started: None,
            idle: Idle::default(),
            state: watch::Sender::new(State::Connecting),
            closing: Arc::default(),
            listeners: Listeners::default(),
            settings,
        }
    }

    /// Waits for the next event; `None` is the end.
    ///
    /// # Errors
    ///
    /// [`Error`], which is final unless [`Error::is_final`] says otherwise.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped: connection, delay and what was read stay here.
    #[expect(
        clippy::should_implement_trait,
        reason = "it gives a future, which no iterator does"
    )]
    #[inline]
    pub fn next(&mut self) -> impl Future<Output = Option<Result<Received, Error>>> + Send {
        // An `async fn` would move each event once more.
        poll_fn(|cx| self.poll_block(cx))
    }

    /// Calls the [`listeners`](Self::listeners) for what comes, until the end.
    ///
    /// When it returns, the last callback has returned.
    ///
    /// # Errors
    ///
    /// The final error, such as the cause of [`Closer::close_with`], which is its source.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped: it can be called again, and goes on.
    pub async fn connect(&mut self) -> Result<(), Error> {
        let listeners = self.listeners.clone();
        while let Some(item) = self.next().await {
            match item {
                Ok(received) => listeners.dispatch(&received),
                Err(error) if error.is_final() => return Err(error),
                Err(error) => listeners.dispatch_error(&error),
            }
        }
        Ok(())
    }

    /// Gives the ids, too, that come without an event, so that id and event can be stored in one transaction.
    ///
    /// Store what each [`Delivery`](crate::Delivery) says together with its [`last_event_id`](crate::Delivery::last_event_id):
    /// then each event has its effect exactly once, whenever the process dies, if the server resumes exactly.
    pub fn checkpoints(mut self) -> Checkpoints {
        self.settings.id_blocks = true;
        Checkpoints::new(self)
    }

    /// Decodes the data of each event from JSON.
    #[cfg(feature = "json")]
    pub fn typed<T: serde::de::DeserializeOwned>(self) -> TypedEvents<T> {
        TypedEvents::new(self)
    }

    /// Returns a watch that sees where this is: connecting, open, waiting, closed.
    pub fn state(&self) -> StateWatch {
        StateWatch::new(self.state.subscribe())
    }

    /// Returns a handle that closes this from elsewhere.
    pub fn closer(&self) -> Closer {
        Closer::new(Arc::clone(&self.closing))
    }

    /// Returns the callbacks that [`connect`](Self::connect) calls.
    pub fn listeners(&self) -> Listeners {
        self.listeners.clone()
    }

    /// Returns what another event source can [`resume`](Self::resume) from: last event ID and reconnection time.
    ///
    /// It reflects the items given out so far, and blocks without data between them.
    pub fn resume_state(&self) -> ReconnectState {
        let mut state = self.resumed.clone();
        state.observe_decoder(&self.decoder);
        state
    }

    /// Returns status and headers of the response from which events came last.
    pub fn response(&self) -> Option<&Parts> {
        self.response.as_ref()
    }
}

fn set_unless_there(headers: &mut HeaderMap) {
    headers
        .entry(ACCEPT)
        .or_insert(HeaderValue::from_static(MEDIA_TYPE));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache"));
}

/// Moves the user in an address to where it is known to be a secret.
fn without_user(uri: Uri, headers: &mut HeaderMap) -> Uri {
    let has_user = |authority: &Authority| authority.as_str().contains('@');
    if !uri.authority().is_some_and(has_user) {
        return uri;
    }
    let Ok(url) = url::Url::parse(&uri.to_string()) else {
        return uri;
    };
    if let Some(credentials) = basic_credentials(&url) {
        headers.entry(AUTHORIZATION).or_insert(credentials);
    }
    address(&url).unwrap_or(uri)
}

impl Stream for EventSource {
    type Item = Result<Received, Error>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_block(cx)
    }
}

impl FusedStream for EventSource {
    fn is_terminated(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }
}

impl Drop for EventSource {
    fn drop(&mut self) {
        // Whoever sees that it is closed finds the connection gone.
        self.phase = Phase::Over;
        self.closing.forget();
        self.state.send_replace(State::Closed);
        self.listeners.close();
    }
}

impl fmt::Debug for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSource")
            .field("method", &self.target.method)
            .field("uri", &shown(&self.target.uri))
            .field("state", &*self.state.borrow())
            .field("resume_state", &self.resume_state())
            .finish_non_exhaustive()
    }
}
