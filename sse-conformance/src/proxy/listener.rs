use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{net::TcpSocket, sync::watch, task::JoinHandle};

use super::{
    connection::carry,
    door::Door,
    fault::{Cut, Fault},
    fired::Fired,
};

/// A proxy on a port of its own; dropping it cuts what goes through it.
#[derive(Debug)]
pub struct Proxy {
    door: Door,
    target: Arc<Mutex<SocketAddr>>,
    fault: watch::Sender<Fault>,
    cut: Arc<Mutex<watch::Sender<Option<Cut>>>>,
    fired: Arc<Fired>,
    accepting: JoinHandle<()>,
}

/// Little is on the way, so that a reader's slowness soon reaches the server.
const BUFFER: u32 = 8 * 1024;

impl Proxy {
    /// Begins to accept connections for a server, in the current runtime.
    ///
    /// # Errors
    /// The machine gives no port.
    pub fn start(target: SocketAddr) -> io::Result<Self> {
        let (door, mut visitors) = Door::open_one()?;
        let target = Arc::new(Mutex::new(target));
        let fault = watch::Sender::new(Fault::None);
        let cut = Arc::new(Mutex::new(watch::Sender::new(None)));
        let fired = Arc::new(Fired::default());
        let accepting = {
            let (target, faults, cut) = (Arc::clone(&target), fault.clone(), Arc::clone(&cut));
            let fired = Arc::clone(&fired);
            tokio::spawn(async move {
                while let Some(client) = visitors.next().await {
                    let target = *target.lock().unwrap_or_else(PoisonError::into_inner);
                    let cut = cut
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .subscribe();
                    let (fault, fired) = (faults.subscribe(), Arc::clone(&fired));
                    tokio::spawn(async move {
                        // A client whose server is not there sees its connection end.
                        if let Ok(socket) = TcpSocket::new_v4()
                            && socket.set_recv_buffer_size(BUFFER).is_ok()
                            && let Ok(server) = socket.connect(target).await
                        {
                            carry(client, server, fault, cut, &fired).await;
                        }
                    });
                }
            })
        };
        Ok(Self {
            door,
            target,
            fault,
            cut,
            fired,
            accepting,
        })
    }

    /// Returns where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// Lets a fault begin, in place of the one before.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// Returns what happens to bytes now.
    pub fn fault(&self) -> Fault {
        *self.fault.borrow()
    }

    /// Refuses all who connect, until [`accept`](Self::accept); connections that there are go on.
    pub async fn refuse(&self) {
        self.door.close().await;
    }

    /// Accepts connections again.
    pub async fn accept(&self) {
        self.door.open().await;
    }

    /// Tells how often the faults did something.
    pub fn fired(&self) -> &Fired {
        &self.fired
    }

    /// Sends future connections to another server.
    pub fn redirect(&self, target: SocketAddr) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }

    /// Cuts the connections that there are.
    pub fn cut(&self, how: Cut) {
        let mut cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *cut, watch::Sender::new(None)).send_replace(Some(how));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut(Cut::Reset);
    }
}
