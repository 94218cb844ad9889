use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::http1::Http1;
use super::http2::Http2;
use super::{Protocol, Reply, Request};
use crate::http::Failure;

/// A connection that can ask; how many times at once is up to the protocol.
#[derive(Debug)]
pub(crate) enum Connection {
    Http1(Http1),
    Http2(Http2),
}

impl Connection {
    /// Connects, and for HTTP/2 shakes hands.
    pub(crate) async fn open(
        protocol: Protocol,
        address: SocketAddr,
        patience: Duration,
    ) -> Result<Self, Failure> {
        let stream = timeout(patience, TcpStream::connect(address)).await;
        let stream = stream.map_err(|_| Failure::new("no connection in time"))??;
        stream.set_nodelay(true)?;
        Ok(match protocol {
            Protocol::Http1 => Self::Http1(Http1::new(stream)),
            Protocol::Http2 => Self::Http2(Http2::new(stream, patience).await?),
        })
    }

    /// Sends a request and reads the head of its response.
    pub(crate) async fn send(
        self,
        request: &Request,
        patience: Duration,
    ) -> Result<Reply, Failure> {
        let asked = async {
            match self {
                Self::Http1(connection) => connection.send(request).await,
                Self::Http2(connection) => connection.send(request).await,
            }
        };
        match timeout(patience, asked).await {
            Ok(reply) => reply,
            Err(_) => Err(Failure::new(format!("no response head after {patience:?}"))),
        }
    }
}
