use std::{
    collections::VecDeque,
    fmt,
    future::pending,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use tokio::time::{Sleep, sleep};

use super::{
    BoxFuture, RequestBody, ResponseBody, Transport, TransportError,
    reply::{Outcome, Part, Reply},
};

/// Answers from a script, without a network: for tests of what reads events.
///
/// Each request takes the next reply; when there is none left, the answer is 204, which ends an event source.
/// With tokio's paused clock every pause and every delay passes at once.
///
/// A clone is the same transport: keep one to look at the requests.
#[derive(Clone, Default)]
pub struct MemoryTransport {
    script: Arc<Script>,
}

#[derive(Default)]
struct Script {
    replies: Mutex<VecDeque<Reply>>,
    otherwise: Option<Answer>,
    requests: Mutex<Vec<RecordedRequest>>,
    open: AtomicUsize,
}

type Answer = Box<dyn Fn(&RecordedRequest) -> Reply + Send + Sync>;

/// A request that a [`MemoryTransport`] has answered.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    /// The method.
    pub method: Method,
    /// The address.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, unless it came from a stream.
    pub body: Option<Bytes>,
}

impl RecordedRequest {
    /// Returns the value of a header, if there is one and it is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl MemoryTransport {
    /// Makes a transport without replies.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a transport that asks `answer` about every request and records none of them.
    pub fn answering(answer: impl Fn(&RecordedRequest) -> Reply + Send + Sync + 'static) -> Self {
        Self {
            script: Arc::new(Script {
                otherwise: Some(Box::new(answer)),
                ..Script::default()
            }),
        }
    }

    /// Adds the reply to the next request that has none.
    pub fn reply(self, reply: Reply) -> Self {
        lock(&self.script.replies).push_back(reply);
        self
    }

    /// Returns the requests so far.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.script.requests).clone()
    }

    /// Returns how many exchanges are going on: requests without a response, and responses whose body was not dropped.
    pub fn open_exchanges(&self) -> usize {
        self.script.open.load(Ordering::SeqCst)
    }
}

impl Transport for MemoryTransport {
    fn send(
        &self,
        request: Request<RequestBody>,
    ) -> BoxFuture<Result<Response<ResponseBody>, TransportError>> {
        let (parts, body) = request.into_parts();
        let request = RecordedRequest {
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body: body.try_into_bytes().ok(),
        };
        let scripted = lock(&self.script.replies).pop_front();
        let reply = scripted.unwrap_or_else(|| match &self.script.otherwise {
            Some(answer) => answer(&request),
            None => Reply::status(StatusCode::NO_CONTENT),
        });
        if self.script.otherwise.is_none() {
            lock(&self.script.requests).push(request);
        }
        let open = Open::new(Arc::clone(&self.script));
        Box::pin(async move {
            if !reply.pause.is_zero() {
                sleep(reply.pause).await;
            }
            let status = match reply.outcome {
                Outcome::Response(status) => status,
                Outcome::Refused(error) => return Err(error),
                Outcome::Silence => pending().await,
            };
            let body = ResponseBody::from_stream(Parts {
                rest: reply.parts,
                pause: None,
                _open: open,
            });
            let mut response = Response::new(body);
            *response.status_mut() = status;
            *response.headers_mut() = reply.headers;
            Ok(response)
        })
    }
}

impl fmt::Debug for MemoryTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTransport")
            .field("replies", &lock(&self.script.replies).len())
            .field("open_exchanges", &self.open_exchanges())
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An exchange that is counted while it lives.
struct Open(Arc<Script>);

impl Open {
    fn new(script: Arc<Script>) -> Self {
        script.open.fetch_add(1, Ordering::SeqCst);
        Self(script)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The body of a scripted response.
struct Parts {
    rest: VecDeque<Part>,
    pause: Option<Pin<Box<Sleep>>>,
    _open: Open,
}

impl Stream for Parts {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match self.rest.pop_front() {
                None => return Poll::Ready(None),
                Some(Part::Chunk(bytes)) => return Poll::Ready(Some(Ok(bytes))),
                Some(Part::Error(error)) => return Poll::Ready(Some(Err(error))),
                Some(Part::Pause(time)) => self.pause = Some(Box::pin(sleep(time))),
                Some(Part::Hang) => {
                    self.rest.push_front(Part::Hang);
                    return Poll::Pending;
                }
            }
        }
    }
}
