use std::{
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body};
use futures_util::FutureExt as _;
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::Service,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::Watcher,
};
use tokio::{
    net::TcpStream,
    sync::{Notify, OwnedSemaphorePermit},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    admission::Admitted,
    stream_socket::StreamSocket,
    until::Until,
    version::{Version, look},
};
use crate::{
    answer::empty,
    remote::{Peer, Standing},
    settings::Limits,
};

/// How connections are served, within the limits of a request's head.
///
/// HTTP/1.1 and HTTP/2 each have a connection of their own: one that could be either takes twice the memory,
/// and waits for ever for a client that never says which.
#[derive(Clone, Debug)]
pub(super) struct Protocol {
    limits: Limits,
    /// Cuts all connections.
    cut: CancellationToken,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Protocol {
    pub(super) fn new(limits: Limits, cut: CancellationToken) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_timeout)
            .max_header_size(limits.head_size)
            .max_buf_size(limits.head_size.max(64 * 1024))
            // One write of one slice for an event: a copy costs less than three slices.
            .writev(false);
        // To say the default takes an allocation for each request.
        if limits.headers != HYPERS_HEADERS {
            http1.max_headers(limits.headers);
        }
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(limits.head_size).unwrap_or(u32::MAX))
            .max_concurrent_streams(MOST_STREAMS)
            .max_send_buf_size(limits.send_buffer)
            // This ends later heads that do not come, too: within one no ping can be answered.
            .keep_alive_interval(limits.write_timeout)
            .keep_alive_timeout(limits.write_timeout);
        Self {
            limits,
            cut,
            http1,
            http2,
        }
    }

    /// Waits for the first bytes of a connection, and then serves it in a task of its own, without what led to it.
    pub(super) async fn serve(
        self: Arc<Self>,
        socket: TcpStream,
        address: SocketAddr,
        admitted: Admitted,
        router: Router,
        watcher: Watcher,
    ) {
        let handshake = async {
            let permit = Arc::clone(&admitted.handshakes)
                .acquire_owned()
                .await
                .ok()?;
            let version = look(&socket).await.ok()?;
            Some((permit, version))
        };
        let handshake = timeout(self.limits.head_timeout, handshake);
        let Some(Ok(Some((permit, version)))) = self.cut.run_until_cancelled(handshake).await
        else {
            return;
        };
        let handshake = Arc::new(Handshake {
            permit: Mutex::new(Some(permit)),
            is_over: Notify::new(),
        });
        // A client can hold one stream of many back and still be busy, so no write to the socket tells of it.
        let cut = match version {
            Version::Http1 => None,
            Version::Http2 => Some(Arc::new(self.cut.child_token())),
        };
        let requests = Requests {
            router,
            peer: Peer {
                address,
                standing: admitted.standing,
                cut: cut.clone(),
            },
            version,
            most_headers: self.limits.headers,
            handshake: Arc::clone(&handshake),
            _admitted: Arc::new(admitted),
        };
        let socket = StreamSocket::new(socket, self.limits.write_timeout);
        let io = TokioIo::new(socket);
        // An error is a client that left, or was cut.
        match version {
            Version::Http1 => {
                let connection = self.http1.serve_connection(io, requests);
                let connection = watcher.watch(connection).map(drop);
                tokio::spawn(Until::new(connection, self.cut.clone()));
            }
            Version::Http2 => {
                let connection = self.http2.serve_connection(io, requests);
                let connection = watcher.watch(connection).map(drop);
                let served = unless_silent(connection, handshake, self.limits.head_timeout);
                let cut = cut.map_or_else(CancellationToken::new, |cut| (*cut).clone());
                tokio::spawn(Until::new(served, cut));
            }
        }
    }
}

const HYPERS_HEADERS: usize = 100;

/// Streams of one HTTP/2 connection.
const MOST_STREAMS: u32 = 100;

/// The time until the first request of a connection.
#[derive(Debug)]
struct Handshake {
    permit: Mutex<Option<OwnedSemaphorePermit>>,
    is_over: Notify,
}

impl Handshake {
    fn end(&self) {
        let permit = self.permit.lock();
        if permit
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .is_some()
        {
            self.is_over.notify_one();
        }
    }
}

/// Ends a connection that has no first request in time; HTTP/1.1 has such a limit of its own.
async fn unless_silent(
    connection: impl Future<Output = ()>,
    handshake: Arc<Handshake>,
    patience: Duration,
) {
    let mut connection = pin!(connection);
    tokio::select! {
        () = &mut connection => return,
        first = timeout(patience, handshake.is_over.notified()) => {
            if first.is_err() {
                return;
            }
        }
    }
    connection.await;
}

/// The requests of one connection; with it goes what the connection is counted by.
struct Requests {
    router: Router,
    peer: Peer,
    version: Version,
    most_headers: usize,
    handshake: Arc<Handshake>,
    _admitted: Arc<Admitted>,
}

type Answered = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl Service<Request<Incoming>> for Requests {
    type Response = Response<Body>;
    type Error = Infallible;
    // A connection keeps room for what answers, also while it waits for events: a pointer is enough.
    type Future = Answered;

    fn call(&self, mut request: Request<Incoming>) -> Answered {
        self.handshake.end();
        // For HTTP/1.1 this is hyper's own limit.
        if request.headers().len() > self.most_headers {
            let refused = empty(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            return Box::pin(async move { Ok(refused) });
        }
        request.extensions_mut().insert(self.peer.clone());
        let answer = tower::Service::call(&mut self.router.clone(), request.map(Body::new));
        let is_last = self.peer.standing == Standing::Over && self.version == Version::Http1;
        Box::pin(async move {
            let mut reply = answer.await?;
            if is_last {
                let close = HeaderValue::from_static("close");
                reply.headers_mut().insert(header::CONNECTION, close);
            }
            Ok(reply)
        })
    }
}
