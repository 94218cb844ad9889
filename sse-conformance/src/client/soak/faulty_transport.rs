use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderValue, Request, Response};
use sse_client::{BoxFuture, RequestBody, ResponseBody, Transport, TransportError};
use sse_core::{Decoder, DecoderOptions, Gap, GapReason, LAST_EVENT_ID};

use super::planted::Planted;

/// A transport that alters what the client says or is told, so that together they make a [`Planted`] mistake.
pub(super) struct FaultyTransport {
    pub(super) inner: Arc<dyn Transport>,
    pub(super) planted: Planted,
    pub(super) memory: Arc<Mutex<Memory>>,
}

/// What it knows of earlier requests.
#[derive(Debug, Default)]
pub(super) struct Memory {
    sent: u64,
    first: Option<HeaderValue>,
    /// The last id that stood in a whole line.
    line: Option<HeaderValue>,
    /// The ids of the last two events, the older first.
    events: VecDeque<HeaderValue>,
}

impl Transport for FaultyTransport {
    fn send(
        &self,
        mut request: Request<RequestBody>,
    ) -> BoxFuture<Result<Response<ResponseBody>, TransportError>> {
        let planted = self.planted;
        let (sent, named) = {
            let mut memory = lock(&self.memory);
            let id = request.headers_mut().remove(LAST_EVENT_ID);
            if memory.sent == 0 {
                memory.first.clone_from(&id);
            }
            let id = memory.alter(planted, id);
            let named = id.as_ref().map_or(&[][..], HeaderValue::as_bytes);
            let named = String::from_utf8_lossy(named).into_owned();
            request.headers_mut().extend(id.map(|id| (HEADER, id)));
            memory.sent += 1;
            (memory.sent, named)
        };
        let (response, memory) = (self.inner.send(request), Arc::clone(&self.memory));
        Box::pin(async move {
            let response = response.await.map_err(|error| match planted {
                Planted::GivesUp => TransportError::lasting(error),
                _ => error,
            })?;
            Ok(response.map(|inner| {
                let mut first = None;
                if planted == Planted::GapInvented && sent > 1 {
                    let gap = Gap::new(GapReason::Expired).requested(named);
                    first = Some(gap.to_event(None).encode().into_bytes());
                }
                ResponseBody::from_stream(Body {
                    inner,
                    planted,
                    memory,
                    first,
                    decoder: Decoder::with_options(DecoderOptions::new().dataless_blocks()),
                    line: Vec::new(),
                    over: false,
                })
            }))
        })
    }
}

const HEADER: http::HeaderName = http::HeaderName::from_static(LAST_EVENT_ID);

impl Memory {
    fn alter(&self, planted: Planted, id: Option<HeaderValue>) -> Option<HeaderValue> {
        match planted {
            Planted::IdTooEarly => self.line.clone().or(id),
            Planted::RepeatAfterResume if self.events.len() == 2 => self.events.front().cloned(),
            Planted::IdForgotten if self.sent % 4 == 3 => None,
            Planted::DatalessIdIgnored => self.events.back().or(self.first.as_ref()).cloned(),
            _ => id,
        }
    }
}

struct Body {
    inner: ResponseBody,
    planted: Planted,
    memory: Arc<Mutex<Memory>>,
    first: Option<Bytes>,
    decoder: Decoder,
    /// The line that has yet to end.
    line: Vec<u8>,
    over: bool,
}

impl Body {
    fn take(&mut self, chunk: &Bytes) {
        let mut memory = lock(&self.memory);
        for &byte in chunk {
            if byte != b'\n' {
                self.line.push(byte);
                continue;
            }
            if let Some(id) = self.line.strip_prefix(b"id: ") {
                memory.line = HeaderValue::from_bytes(id).ok();
            }
            self.line.clear();
        }
        self.decoder.push(chunk.clone());
        while let Some(received) = self.decoder.next() {
            if let Ok(received) = received
                && received.event.data.is_some()
                && let Ok(id) = HeaderValue::from_str(received.last_event_id.as_str())
            {
                memory.events.push_back(id);
                if memory.events.len() > 2 {
                    memory.events.pop_front();
                }
            }
        }
    }
}

impl Stream for Body {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        if self.over {
            return Poll::Ready(None);
        }
        let next = ready!(Pin::new(&mut self.inner).poll_next(cx));
        Poll::Ready(match next {
            Some(Ok(chunk)) => {
                self.take(&chunk);
                Some(Ok(match self.planted {
                    Planted::RetryForgotten => without_retry(&chunk),
                    _ => chunk,
                }))
            }
            _ if self.planted == Planted::HalfEvent => {
                self.over = true;
                Some(Ok(Bytes::from_static(b"\n\n")))
            }
            end => end,
        })
    }
}

/// The field becomes one that nobody knows; one that lies in two chunks is left as it is.
fn without_retry(chunk: &Bytes) -> Bytes {
    let mut chunk = chunk.to_vec();
    let name = b"\nretry:";
    while let Some(at) = chunk.windows(name.len()).position(|window| window == name) {
        chunk[at + 1] = b'x';
    }
    chunk.into()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
