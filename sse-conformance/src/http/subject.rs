use std::fmt;
use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::sync::watch;

use super::{Failure, Leave, Protocol, Route, Stage};

/// A server under test: one adapter in its framework, or a fixture written by hand.
pub trait Subject: fmt::Debug + Send + Sync + 'static {
    /// What the checks may expect of it.
    fn profile(&self) -> Profile;

    /// Starts a server of its own on a free port; all its routes play the scenes of `stage`.
    fn start(&self, stage: Stage) -> io::Result<Running>;
}

/// What the checks may expect of a server under test.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Profile {
    /// `content-encoding` beside the three headers of an event stream.
    pub content_encoding: Option<&'static str>,
    /// How it finds out that a client has left.
    pub notice: fn(Protocol, Leave) -> Notice,
    /// The routes it has.
    pub routes: &'static [Route],
}

/// How a server finds out that a client has left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Notice {
    /// Without a write, with keep-alive off.
    AtOnce,
    /// After at most so many keep-alive writes, counted by [`Scene::frame`](super::Scene::frame).
    WithinKeepAlives(usize),
}

/// A running server; dropping it tears it down without waiting.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    finished: watch::Receiver<()>,
    order: watch::Sender<Order>,
}

/// The orders given to a running server.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<Order>);

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Order {
    #[default]
    Run,
    Stop,
    TearDown,
}

impl Profile {
    /// Expects what any server on hyper does.
    pub fn new(routes: &'static [Route]) -> Self {
        Self {
            content_encoding: None,
            notice: |_, _| Notice::AtOnce,
            routes,
        }
    }

    /// Sets the `content-encoding` beside the three headers.
    pub fn content_encoding(self, value: &'static str) -> Self {
        Self {
            content_encoding: Some(value),
            ..self
        }
    }

    /// Sets how the server finds out that a client has left.
    pub fn notice(self, notice: fn(Protocol, Leave) -> Notice) -> Self {
        Self { notice, ..self }
    }
}

impl Running {
    /// Runs a server on a thread of its own, with a listener on a free port of the loopback.
    ///
    /// `serve` returns when the server has stopped: gracefully when told so, at once when torn down.
    pub fn spawn(serve: impl FnOnce(TcpListener, Stopping) + Send + 'static) -> io::Result<Self> {
        let listener = listen()?;
        let address = listener.local_addr()?;
        let (order, orders) = watch::channel(Order::default());
        let (guard, finished) = watch::channel(());
        thread::Builder::new()
            .name("server under test".to_owned())
            .spawn(move || {
                let _guard = guard;
                serve(listener, Stopping(orders));
            })?;
        Ok(Self {
            address,
            finished,
            order,
        })
    }

    /// Asks the server to stop gracefully.
    pub fn stop(&self) {
        self.order.send_replace(Order::Stop);
    }

    /// Stops everything now, open connections included.
    pub fn tear_down(&self) {
        self.order.send_replace(Order::TearDown);
    }

    /// Waits until the server has stopped.
    ///
    /// # Errors
    ///
    /// A failure if it still runs after `limit`.
    pub async fn stopped(&self, limit: Duration) -> Result<(), Failure> {
        let mut finished = self.finished.clone();
        let gone = async { while finished.changed().await.is_ok() {} };
        let timeout = tokio::time::timeout(limit, gone).await;
        timeout.map_err(|_| Failure::new(format!("the server still runs after {limit:?}")))
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tear_down();
    }
}

impl Stopping {
    /// Completes when the server should stop gracefully; never if it is torn down without that.
    pub async fn asked(&self) {
        if !self.wait_for(Order::Stop).await {
            pending::<()>().await;
        }
    }

    /// Completes when everything should stop now.
    pub async fn torn_down(&self) {
        // A closed channel means that the test has gone: stop too.
        self.wait_for(Order::TearDown).await;
    }

    async fn wait_for(&self, wanted: Order) -> bool {
        self.0
            .clone()
            .wait_for(|order| *order == wanted)
            .await
            .is_ok()
    }
}

/// A backlog of 128 drops the connections of a thousand clients that come at once.
const BACKLOG: i32 = 4096;

fn listen() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}
