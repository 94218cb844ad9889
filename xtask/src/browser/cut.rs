//! A network between browser and server that can be cut.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Passes connections on until it is cut; it ends with this value.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) address: SocketAddr,
    /// Where connections lead; nowhere while it is cut.
    behind: watch::Sender<Option<SocketAddr>>,
    task: JoinHandle<()>,
}

impl Cut {
    /// Opens one that leads to a server.
    ///
    /// # Errors
    ///
    /// There is no port.
    pub(crate) async fn to(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (behind, led) = watch::channel(Some(server));
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass(near, led.clone()));
            }
        });
        Ok(Self {
            address,
            behind,
            task,
        })
    }

    /// Breaks all connections off, and those that come until it leads somewhere again.
    pub(crate) fn cut(&self) {
        self.behind.send_replace(None);
    }

    /// Leads to a server from now on.
    pub(crate) fn lead_to(&self, server: SocketAddr) {
        self.behind.send_replace(Some(server));
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(mut near: TcpStream, mut led: watch::Receiver<Option<SocketAddr>>) {
    let server = *led.borrow_and_update();
    let Some(server) = server else { return };
    let passing = async {
        let mut far = TcpStream::connect(server).await?;
        copy_bidirectional(&mut near, &mut far).await
    };
    tokio::select! {
        _ = passing => {}
        _ = led.changed() => {}
    }
}
