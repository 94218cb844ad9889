use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use socket2::{Domain, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A port that can be closed and opened again: while it is closed, whoever connects is refused, and nobody else takes it.
///
/// Dropping it closes it for good, and ends [`Visitors`].
#[derive(Debug)]
pub(crate) struct Door {
    address: SocketAddr,
    wanted: watch::Sender<bool>,
    is_open: watch::Receiver<bool>,
}

/// Those who connect to a [`Door`].
#[derive(Debug)]
pub(crate) struct Visitors {
    /// Bound and never listening, so that the port stays ours.
    _reserved: Socket,
    address: SocketAddr,
    listener: Option<TcpListener>,
    wanted: watch::Receiver<bool>,
    is_open: watch::Sender<bool>,
}

impl Door {
    /// Takes a port of this machine and opens it.
    pub(crate) fn open_one() -> io::Result<(Self, Visitors)> {
        let reserved = bound((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = reserved
            .local_addr()?
            .as_socket()
            .ok_or(io::ErrorKind::AddrNotAvailable)?;
        let (wanted, wants) = watch::channel(true);
        let (opened, is_open) = watch::channel(true);
        let visitors = Visitors {
            _reserved: reserved,
            address,
            listener: Some(listening(address)?),
            wanted: wants,
            is_open: opened,
        };
        let door = Self {
            address,
            wanted,
            is_open,
        };
        Ok((door, visitors))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Refuses everyone from the moment at which this returns.
    pub(crate) async fn close(&self) {
        self.wanted.send_replace(false);
        let _ = self.is_open.clone().wait_for(|is_open| !is_open).await;
    }

    /// Lets everyone in from the moment at which this returns.
    pub(crate) async fn open(&self) {
        self.wanted.send_replace(true);
        let _ = self.is_open.clone().wait_for(|is_open| *is_open).await;
    }
}

impl Visitors {
    /// Waits for the next; `None` when the machine gives no sockets, or the door is gone.
    pub(crate) async fn next(&mut self) -> Option<TcpStream> {
        loop {
            let wanted = *self.wanted.borrow_and_update();
            if wanted != self.listener.is_some() {
                self.listener = if wanted {
                    Some(listening(self.address).ok()?)
                } else {
                    None
                };
                self.is_open.send_replace(wanted);
            }
            let accepted = async {
                match &self.listener {
                    Some(listener) => listener.accept().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                accepted = accepted => return Some(accepted.ok()?.0),
                changed = self.wanted.changed() => changed.ok()?,
            }
        }
    }
}

fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn listening(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = bound(address)?;
    socket.listen(128)?;
    TcpListener::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_door_refuses_and_an_open_one_lets_in() {
        let (door, mut visitors) = Door::open_one().unwrap();
        let address = door.address();
        let accepting = tokio::spawn(async move {
            let mut accepted = 0;
            while visitors.next().await.is_some() {
                accepted += 1;
            }
            accepted
        });
        for _ in 0..3 {
            assert!(TcpStream::connect(address).await.is_ok());
            door.close().await;
            let refused = TcpStream::connect(address).await.unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
            door.open().await;
        }
        drop(door);
        assert!(accepting.await.unwrap() <= 3);
    }
}
