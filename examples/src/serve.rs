//! An accept loop for thousands of event streams, on hyper's connection for HTTP/1.1.
//!
//! What it buys over `axum::serve` and `warp::serve`:
//!
//! * A connection that waits for events costs about half the memory: there is no box around it that could be HTTP/2 as well.
//! * An event is one `send` of one slice. Without `writev(false)` hyper hands the kernel three, the chunk's size, the event and
//!   the end of the chunk, which costs more than the copy that joins them.
//!
//! Two more things spare memory, whoever accepts. With `mimalloc` (in `examples::fanout`) a connection that waits takes about 1 KiB
//! less than with the system's allocator, which lays other things into the pages of hyper's two buffers of 8 KiB.
//! And the handlers turn the adapter's keep-alive off, a timer of 112 bytes: the hub's own says how far its reader has come as well.
//!
//! What matters as much holds for those as well if they are given the listener of [`bind`]: a queue of 4096 connections that are not
//! accepted yet, `TCP_NODELAY`, a bounded send buffer, and the end of a client that reads nothing.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::BoxError;
use futures_util::FutureExt;
use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::{sleep, timeout};

/// Listens, and prints the URL; all sockets that are accepted inherit what is set here.
///
/// # Errors
///
/// The address is taken, or it is none of this machine's.
pub fn bind(address: SocketAddr) -> Result<TcpListener> {
    let listen = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        // A small event does not wait for the acknowledgement of the one before it.
        socket.set_nodelay(true)?;
        // What a client does not read waits in the hub, which knows how much that is, and not in the kernel.
        socket.set_send_buffer_size(SEND_BUFFER)?;
        // A client that takes nothing any more is cut, also if its machine still answers.
        #[cfg(target_os = "linux")]
        SockRef::from(&socket).set_tcp_user_timeout(Some(USER_TIMEOUT))?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    let listener = listen().with_context(|| format!("cannot listen on {address}"))?;
    println!("http://{}/", listener.local_addr()?);
    Ok(listener)
}

/// Serves each connection until `stopped` completes, and then until all responses are over, for 3 seconds at most.
///
/// To serve a `Router` of axum's or a service of warp's, wrap it in `hyper_util::service::TowerToHyperService`.
pub async fn serve<S, B>(listener: TcpListener, service: S, stopped: impl Future<Output = ()>)
where
    S: Service<Request<Incoming>, Response = hyper::Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let connections = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.writev(false);
    let mut stopped = pin!(stopped);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopped => break,
        };
        // One connection that fails is not the end of the others. When descriptors have run out, each would.
        let Ok((socket, _)) = accepted else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let service = service.clone();
        // A connection keeps room for what answers, also while it waits for events: a pointer is enough.
        let service = service_fn(move |request| Box::pin(service.call(request)));
        let connection = http.serve_connection(TokioIo::new(socket), service);
        let connection = connections.watch(connection);
        // An error is a client that left. An async block around this would hold the connection's room twice.
        tokio::spawn(connection.map(drop));
    }
    // A client that does not read does not see the end of its stream either.
    let _ = timeout(PATIENCE, connections.shutdown()).await;
}

const BACKLOG: u32 = 4096;

/// The kernel doubles it for its own bookkeeping.
const SEND_BUFFER: u32 = 64 * 1024;

#[cfg(target_os = "linux")]
const USER_TIMEOUT: Duration = Duration::from_secs(30);

const PATIENCE: Duration = Duration::from_secs(3);
