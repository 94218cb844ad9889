use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

use crate::settings::Limits;

/// Connections that the kernel holds until they are accepted.
const BACKLOG: u32 = 4096;

/// Listens; every socket that is accepted inherits what is set here.
pub(super) fn bind(address: SocketAddr, limits: &Limits) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    // A small event does not wait for the acknowledgement of the one before it.
    socket.set_nodelay(true)?;
    // What a client does not read waits in the hub, which knows how much that is, and not in the kernel.
    socket.set_send_buffer_size(u32::try_from(limits.send_buffer).unwrap_or(u32::MAX))?;
    // A client that takes nothing any more is cut, also when the server has nothing more to write.
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(&socket).set_tcp_user_timeout(Some(limits.write_timeout))?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
