//! A server on a hub whose sockets give up on those who no longer read.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use sse_hub::{Hub, Subscription};
use sse_hyper::{EventStream, Sse, last_event_id};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// Dropping it ends all its connections at once, as a kill does.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    open: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

/// How long a socket waits for a reader; 30 seconds outside tests.
const USER_TIMEOUT: Duration = Duration::from_secs(1);
const SEND_BUFFER: usize = 16 * 1024;

impl Server {
    pub(crate) async fn start(hub: &Hub) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (hub, open) = (hub.clone(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&open);
        let accepting = tokio::spawn(async move {
            // The set goes with the server, and its connections with the set.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let socket = SockRef::from(&stream);
                socket.set_tcp_user_timeout(Some(USER_TIMEOUT)).unwrap();
                socket.set_send_buffer_size(SEND_BUFFER).unwrap();
                connections.spawn(serve(stream, hub.clone(), Open::new(&count)));
            }
        });
        Self {
            address,
            open,
            accepting,
        }
    }

    /// How many connections there are.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn serve(stream: TcpStream, hub: Hub, _open: Open) {
    let service = service_fn(|request| answer(hub.clone(), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // Whoever broke it knows.
    let _ = connection.await;
}

/// `/topic/name`: what is published there, for one who is seen under that name.
async fn answer(
    hub: Hub,
    request: Request<Incoming>,
) -> Result<Response<EventStream<Subscription>>, Infallible> {
    let mut path = request.uri().path().split('/').skip(1);
    let (topic, name) = (path.next().unwrap(), path.next().unwrap());
    let last = last_event_id(&request).0;
    let subscribe = hub.subscribe(topic).after(last).presence(name, "");
    let subscription = subscribe.await.unwrap();
    Ok(Sse::new(subscription).into_response())
}
