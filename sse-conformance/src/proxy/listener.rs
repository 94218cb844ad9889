use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    net::{TcpListener, TcpSocket},
    sync::watch,
    task::JoinHandle,
};

use super::{
    connection::carry,
    fault::{Cut, Fault},
};

/// A proxy on a port of its own; dropping it cuts what goes through it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    target: Arc<Mutex<SocketAddr>>,
    fault: watch::Sender<Fault>,
    cut: Arc<Mutex<watch::Sender<Option<Cut>>>>,
    accepting: JoinHandle<()>,
}

/// Little is on the way, so that a reader's slowness soon reaches the server.
const BUFFER: u32 = 8 * 1024;

impl Proxy {
    /// Begins to accept connections for a server, in the current runtime.
    ///
    /// # Errors
    /// The machine gives no port.
    pub async fn start(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let target = Arc::new(Mutex::new(target));
        let fault = watch::Sender::new(Fault::None);
        let cut = Arc::new(Mutex::new(watch::Sender::new(None)));
        let accepting = {
            let (target, faults, cut) = (Arc::clone(&target), fault.clone(), Arc::clone(&cut));
            tokio::spawn(async move {
                while let Ok((client, _)) = listener.accept().await {
                    let target = *target.lock().unwrap_or_else(PoisonError::into_inner);
                    let cut = cut
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .subscribe();
                    let fault = faults.subscribe();
                    tokio::spawn(async move {
                        // A client whose server is not there sees its connection end.
                        if let Ok(socket) = TcpSocket::new_v4()
                            && socket.set_recv_buffer_size(BUFFER).is_ok()
                            && let Ok(server) = socket.connect(target).await
                        {
                            carry(client, server, fault, cut).await;
                        }
                    });
                }
            })
        };
        Ok(Self {
            address,
            target,
            fault,
            cut,
            accepting,
        })
    }

    /// Returns where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets a fault begin, in place of the one before.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
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
