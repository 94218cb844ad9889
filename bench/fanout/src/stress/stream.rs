//! An event stream that is read to its end.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::PATIENCE;
use crate::load::framing::Framing;

#[derive(Debug)]
pub(super) struct Stream {
    socket: TcpStream,
    framing: Framing,
    /// What came of the body and was not taken.
    text: String,
}

/// The lines of a block, by their fields; the last of each counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) id: Option<String>,
    pub(super) event: Option<String>,
    pub(super) data: Option<String>,
    pub(super) retry: Option<u64>,
}

impl Stream {
    /// Subscribes, and waits for the opening.
    pub(super) async fn open(address: SocketAddr) -> Result<Self> {
        let mut stream = Self::connect(address, "/sse", None).await?;
        let opening = timeout(PATIENCE, stream.next()).await?;
        opening?.context("the stream ended before its opening")?;
        Ok(stream)
    }

    /// Subscribes, perhaps behind an event.
    pub(super) async fn connect(
        address: SocketAddr,
        path: &str,
        last_event_id: Option<&str>,
    ) -> Result<Self> {
        let mut socket = TcpStream::connect(address).await?;
        // Closing resets: no port stays behind.
        socket2::SockRef::from(&socket).set_linger(Some(std::time::Duration::ZERO))?;
        let last = last_event_id.map(|id| format!("last-event-id: {id}\r\n"));
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n{}\r\n",
            last.unwrap_or_default()
        );
        socket.write_all(request.as_bytes()).await?;
        Ok(Self {
            socket,
            framing: Framing::new(),
            text: String::new(),
        })
    }

    /// The next block; `None` at the proper end of the body.
    ///
    /// # Errors
    ///
    /// The body breaks off.
    pub(super) async fn next(&mut self) -> Result<Option<Block>> {
        let mut buffer = [0; 2048];
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let rest = self.text.split_off(end + 2);
                let block = std::mem::replace(&mut self.text, rest);
                return Ok(Some(Block::read(&block)?));
            }
            if self.framing.is_finished() {
                return Ok(None);
            }
            let read = self.socket.read(&mut buffer).await?;
            if read == 0 {
                bail!("the stream broke off");
            }
            let mut input = &buffer[..read];
            while let Some((piece, rest)) = self.framing.next(input)? {
                self.text.push_str(str::from_utf8(piece)?);
                input = rest;
            }
        }
    }
}

impl Block {
    fn read(text: &str) -> Result<Self> {
        let mut block = Self::default();
        for line in text.lines() {
            let Some((name, value)) = line.split_once(": ") else {
                continue;
            };
            let value = value.to_owned();
            match name {
                "id" => block.id = Some(value),
                "event" => block.event = Some(value),
                "data" => block.data = Some(value),
                "retry" => block.retry = Some(value.parse()?),
                _ => {}
            }
        }
        Ok(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_known_by_its_fields() {
        let block = Block::read(": x\nid: a\nevent: hub.close\nretry: 5\ndata: {}\n\n").unwrap();
        let expected = Block {
            id: Some("a".to_owned()),
            event: Some("hub.close".to_owned()),
            data: Some("{}".to_owned()),
            retry: Some(5),
        };
        assert_eq!(block, expected);
        assert_eq!(Block::read(": ok\n\n").unwrap(), Block::default());
    }
}
