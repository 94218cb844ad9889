//! A browser, as far as the network sees one: it keeps the last id and comes again.

use std::{net::SocketAddr, time::Duration};

use sse_core::{Decoder, DecoderOptions, EventId, Received};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What a viewer was told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Told {
    Number(u64),
    Gap(String),
    /// A block without data.
    KeepAlive,
    Close(String),
}

pub(crate) struct Viewer {
    address: SocketAddr,
    path: String,
    connection: Option<(TcpStream, Decoder)>,
    pub(crate) last_event_id: EventId,
}

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

impl Viewer {
    pub(crate) async fn connect(address: SocketAddr, path: &str) -> Self {
        let mut viewer = Self {
            address,
            path: path.to_owned(),
            connection: None,
            last_event_id: EventId::EMPTY,
        };
        viewer.reconnect().await;
        viewer
    }

    /// Comes again with the last id until a server answers.
    pub(crate) async fn reconnect(&mut self) {
        self.connection = None;
        let answered = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Ok(stream) = self.ask().await {
                    let decoder = Decoder::with_options(DecoderOptions::new().dataless_blocks());
                    self.connection = Some((stream, decoder));
                    return;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        answered.await.expect("no server answers");
    }

    async fn ask(&self) -> std::io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.address).await?;
        // Without chunks the body is the stream itself.
        let mut request = format!("GET {} HTTP/1.0\r\nhost: test\r\n", self.path);
        if !self.last_event_id.is_empty() {
            request += "last-event-id: ";
            request += self.last_event_id.as_str();
            request += "\r\n";
        }
        stream.write_all((request + "\r\n").as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        assert!(head.starts_with(b"HTTP/1.0 200"));
        Ok(stream)
    }

    /// Waits for the next that is told; `None` when the connection has ended, in whatever way.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        let (stream, decoder) = self.connection.as_mut()?;
        loop {
            while let Some(received) = decoder.next() {
                let received = received.unwrap();
                self.last_event_id = received.last_event_id.clone();
                if let Some(told) = tell(&received) {
                    return Some(told);
                }
            }
            let mut chunk = vec![0; 16 * 1024];
            let read = tokio::time::timeout(PATIENCE, stream.read(&mut chunk));
            match read.await.expect("the connection is silent") {
                Ok(0) | Err(_) => return None,
                Ok(read) => chunk.truncate(read),
            }
            decoder.push(chunk);
        }
    }

    /// As [`next`](Self::next), coming again as often as it takes.
    pub(crate) async fn next_over_connections(&mut self) -> Told {
        loop {
            match self.next().await {
                Some(told) => return told,
                None => self.reconnect().await,
            }
        }
    }
}

fn tell(received: &Received) -> Option<Told> {
    if let Some(gap) = received.gap() {
        return Some(Told::Gap(gap.reason.to_string()));
    }
    if received.event_type() == "hub.close" {
        return Some(Told::Close(received.data().to_owned()));
    }
    if received.event.data.is_none() {
        let opening = received.event.retry.is_some();
        return (!opening).then_some(Told::KeepAlive);
    }
    Some(Told::Number(number_of(received.data())))
}

/// An event's text: its number, and so much behind it that a part of it cannot be taken for the whole.
pub(crate) fn text_of(number: u64, length: usize) -> String {
    let mut text = format!("{number} {length} ");
    text.extend(std::iter::repeat_n('x', length));
    text
}

fn number_of(text: &str) -> u64 {
    let mut parts = text.split(' ');
    let mut number = || parts.next().unwrap().parse().unwrap();
    let (number, length): (u64, u64) = (number(), number());
    assert_eq!(text, text_of(number, usize::try_from(length).unwrap()));
    number
}
