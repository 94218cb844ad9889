use std::{
    error::Error,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_core::Stream;
use http::{Request, Response};
use sse_client::{
    BoxFuture, RequestBody, ResponseBody, State, StateWatch, Transport, TransportError,
};
use sse_core::{Decoder, DecoderOptions, EventId, LAST_EVENT_ID, ReconnectState, Retry};
use tokio::sync::watch;

use super::{
    progress::Progress,
    tally::Tally,
    verdict::{REQUEST, RETRY, Violation},
};

/// A transport that sees what goes over the wire, and holds every request against it.
pub(super) struct Watched {
    pub(super) inner: Arc<dyn Transport>,
    pub(super) seen: Arc<Seen>,
}

/// What went over the wire.
pub(super) struct Seen {
    pub(super) progress: watch::Sender<Progress>,
    wire: Mutex<Wire>,
    client: Mutex<Option<StateWatch>>,
}

struct Wire {
    /// What the next request must say, and how long it must wait.
    state: ReconnectState,
    ended: Option<Instant>,
    tally: Tally,
    violations: Vec<Violation>,
}

impl Seen {
    pub(super) fn new(progress: watch::Sender<Progress>) -> Self {
        let wire = Wire {
            state: ReconnectState::new(),
            ended: None,
            tally: Tally::default(),
            violations: Vec::new(),
        };
        Self {
            progress,
            wire: Mutex::new(wire),
            client: Mutex::default(),
        }
    }

    /// Lets it be told where a client is.
    pub(super) fn watch(&self, client: StateWatch) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(client);
    }

    /// Where the client is.
    pub(super) fn client(&self) -> Option<State> {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        client.as_ref().map(StateWatch::current)
    }

    /// A client begins, or begins anew, with a state, and may connect at once.
    pub(super) fn begin(&self, state: &ReconnectState) {
        let mut wire = self.wire();
        wire.state = state.clone();
        wire.ended = None;
    }

    pub(super) fn tally(&self) -> Tally {
        self.wire().tally.clone()
    }

    /// What was wrong with requests.
    pub(super) fn violations(&self) -> Vec<Violation> {
        self.wire().violations.clone()
    }

    fn wire(&self) -> MutexGuard<'_, Wire> {
        self.wire.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, request: &Request<RequestBody>) {
        let mut wire = self.wire();
        let sent = request.headers().get(LAST_EVENT_ID);
        let sent = String::from_utf8_lossy(sent.map_or(&[], |value| value.as_bytes()));
        let id = wire.state.last_event_id();
        let wanted = id.map_or("", EventId::as_str).to_owned();
        if sent != wanted {
            let text = format!("it says {sent:?}, and the last event ID is {wanted:?}");
            wire.violations.push(Violation::new(REQUEST, text));
        }
        let least = wire.state.retry().map(Retry::as_duration);
        if let (Some(ended), Some(least)) = (wire.ended, least)
            && ended.elapsed() < least
        {
            let text = format!("after {:?}, sooner than {least:?}", ended.elapsed());
            wire.violations.push(Violation::new(RETRY, text));
        }
    }
}

impl Transport for Watched {
    fn send(
        &self,
        request: Request<RequestBody>,
    ) -> BoxFuture<Result<Response<ResponseBody>, TransportError>> {
        let seen = Arc::clone(&self.seen);
        seen.judge(&request);
        seen.progress.send_modify(|progress| progress.attempts += 1);
        let exchange = Exchange(seen);
        let sent = self.inner.send(request);
        Box::pin(async move {
            let response = sent.await.inspect_err(|error| {
                let refused = u64::from(is_refused(error));
                let progress = &exchange.0.progress;
                progress.send_modify(|progress| progress.refused += refused);
            })?;
            if response.status() != 200 {
                return Ok(response);
            }
            Ok(response.map(|inner| {
                let state = exchange.0.wire().state.clone();
                ResponseBody::from_stream(Body {
                    inner,
                    decoder: state.decoder(DecoderOptions::new().dataless_blocks()),
                    blocks: 0,
                    behind_blank: 0,
                    last: 0,
                    exchange,
                })
            }))
        })
    }
}

fn is_refused(error: &TransportError) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error.get_ref());
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if kind == Some(io::ErrorKind::ConnectionRefused) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// From a request to the end of its response, in whatever way it comes.
struct Exchange(Arc<Seen>);

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.wire().ended = Some(Instant::now());
    }
}

struct Body {
    inner: ResponseBody,
    decoder: Decoder,
    /// Whole blocks so far.
    blocks: usize,
    /// Bytes of the block that has yet to end.
    behind_blank: usize,
    last: u8,
    exchange: Exchange,
}

impl Body {
    fn take(&mut self, chunk: &Bytes) {
        for &byte in chunk {
            self.behind_blank += 1;
            if byte == b'\n' && self.last == b'\n' {
                self.behind_blank = 0;
                self.blocks += 1;
            }
            self.last = byte;
        }
        self.decoder.push(chunk.clone());
        while self.decoder.next().is_some() {}
        self.exchange.0.wire().state.observe_decoder(&self.decoder);
    }

    /// The opening block is no event.
    fn end(&self, whole: bool) {
        let mut wire = self.exchange.0.wire();
        if self.blocks > 0 {
            wire.tally.add_cut(self.behind_blank);
        }
        if self.blocks > 0 && self.behind_blank > 0 {
            wire.tally.add("ended in an event", 1);
            if whole {
                wire.tally.add("ended as if whole", 1);
            }
        }
    }
}

impl Stream for Body {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.inner).poll_next(cx));
        match &next {
            Some(Ok(chunk)) => self.take(chunk),
            Some(Err(_)) => self.end(false),
            None => self.end(true),
        }
        Poll::Ready(next)
    }
}

/// Shorter than any reconnection time of a server here.
pub(super) const INITIAL: Duration = Duration::from_millis(1);
