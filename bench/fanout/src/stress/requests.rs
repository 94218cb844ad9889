//! A connection with one request after another.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};

use super::PATIENCE;

/// Kept alive until it is dropped.
#[derive(Debug)]
pub(super) struct Requests {
    socket: BufReader<TcpStream>,
}

/// Status and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Requests {
    pub(super) async fn connect(address: SocketAddr) -> Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        // Closing resets: no port stays behind.
        socket2::SockRef::from(&socket).set_linger(Some(std::time::Duration::ZERO))?;
        Ok(Self {
            socket: BufReader::new(socket),
        })
    }

    /// One request on a connection of its own.
    pub(super) async fn get_once(address: SocketAddr, path: &str) -> Result<Answer> {
        Self::connect(address).await?.get(path).await
    }

    pub(super) async fn get(&mut self, path: &str) -> Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
        timeout(PATIENCE, self.exchange(&request)).await?
    }

    pub(super) async fn publish(&mut self, data: &str) -> Result<Answer> {
        self.publish_at("/sse", data).await
    }

    pub(super) async fn publish_at(&mut self, path: &str, data: &str) -> Result<Answer> {
        let body = format!("{{\"data\":\"{data}\"}}");
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        timeout(PATIENCE, self.exchange(&request)).await?
    }

    async fn exchange(&mut self, request: &str) -> Result<Answer> {
        self.socket.get_mut().write_all(request.as_bytes()).await?;
        let status = self.line().await?;
        let status = status.strip_prefix("HTTP/1.1 ");
        let status = status
            .and_then(|it| it.get(..3))
            .context("no status line")?;
        let mut length = 0;
        loop {
            let line = self.line().await?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse()?;
            }
        }
        let mut body = vec![0; length];
        self.socket.read_exact(&mut body).await?;
        Ok(Answer {
            status: status.parse()?,
            body: String::from_utf8(body)?,
        })
    }

    async fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let read = self.socket.read_line(&mut line).await?;
        ensure!(read > 0, "the server hung up");
        Ok(line.trim_end().to_owned())
    }
}
