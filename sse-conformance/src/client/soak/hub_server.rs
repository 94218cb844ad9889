use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicU64, Ordering},
    },
};

use http::{HeaderValue, Request, Response, StatusCode, Version, header::RETRY_AFTER};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sse_hub::{Hub, Subscription};
use sse_hyper::{EventStream, Sse, last_event_id};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use super::log::TOPIC;

/// A server on a hub; dropping it ends all its connections at once.
#[derive(Debug)]
pub(super) struct HubServer {
    pub(super) address: SocketAddr,
    service: Arc<Service>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Service {
    hub: Hub,
    wire: Wire,
    /// The status with which requests are turned away.
    status: AtomicU16,
    /// How many are still to be.
    unavailable: AtomicU64,
    turned_away: AtomicU64,
}

/// How bodies come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wire {
    /// In chunks: a cut is told from an end.
    Chunked,
    /// As long as the connection: a cut looks like an end.
    Close,
    /// In frames of HTTP/2.
    Http2,
}

impl Wire {
    /// Name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chunked => "run in chunks",
            Self::Close => "run without chunks",
            Self::Http2 => "run over HTTP/2",
        }
    }
}

impl HubServer {
    pub(super) async fn start(hub: Hub, wire: Wire) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let service = Arc::new(Service {
            hub,
            wire,
            status: AtomicU16::new(503),
            unavailable: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
        });
        let own = Arc::clone(&service);
        let accepting = tokio::spawn(async move {
            // The set goes with the server, and its connections with the set.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(Arc::clone(&own).serve(stream));
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            address,
            service,
            accepting,
        })
    }

    /// Turns the next requests away with a status.
    pub(super) fn turn_away(&self, times: u64, status: u16) {
        self.service.status.store(status, Ordering::SeqCst);
        self.service.unavailable.store(times, Ordering::SeqCst);
    }

    pub(super) fn turned_away(&self) -> u64 {
        self.service.turned_away.load(Ordering::SeqCst)
    }
}

impl Drop for HubServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Service {
    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let stream = TokioIo::new(stream);
        let wire = self.wire;
        let service = service_fn(move |request| Arc::clone(&self).answer(request));
        // Whoever broke it knows.
        let _ = match wire {
            Wire::Http2 => {
                let builder = http2::Builder::new(TokioExecutor::new());
                builder.serve_connection(stream, service).await
            }
            _ => {
                http1::Builder::new()
                    .serve_connection(stream, service)
                    .await
            }
        };
    }

    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<EventStream<Subscription>>, Infallible> {
        let last = last_event_id(&request).0;
        let subscribed = self.hub.subscribe(TOPIC).after(last).await;
        let Ok(subscription) = subscribed else {
            unreachable!("a hub in memory that is not shut down takes every subscription");
        };
        let mut response = Sse::new(subscription).into_response();
        let left = |left: u64| left.checked_sub(1);
        let (order, counter) = (Ordering::SeqCst, &self.unavailable);
        if counter.fetch_update(order, order, left).is_ok() {
            self.turned_away.fetch_add(1, order);
            let status = self.status.load(order);
            *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
            let headers = response.headers_mut();
            headers.insert(RETRY_AFTER, HeaderValue::from_static("0"));
        }
        if self.wire == Wire::Close {
            *response.version_mut() = Version::HTTP_10;
        }
        Ok(response)
    }
}
