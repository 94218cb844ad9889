//! A server that answers as a test says, and tells it what it was asked.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// A server on a port of its own, one request a connection.
#[derive(Debug)]
pub(crate) struct Script {
    /// Its address, without a slash at the end.
    pub(crate) url: String,
    asked: Receiver<Asked>,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: String,
    pub(crate) at: Instant,
    headers: Vec<(String, String)>,
}

/// What is sent, head included, and what becomes of the connection.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Close(String),
    Hold(String),
}

impl Script {
    /// Gives each request the next answer, and 204 behind the last.
    ///
    /// # Errors
    ///
    /// There is no port.
    pub(crate) fn of(answers: impl IntoIterator<Item = Answer>) -> Result<Self> {
        let answers: Vec<_> = answers.into_iter().collect();
        let mut answers = answers.into_iter();
        Self::serve(move |_| answers.next().unwrap_or_else(|| Answer::status(204, "")))
    }

    /// Asks `answer` about each request, one after the other, until this process ends.
    ///
    /// # Errors
    ///
    /// There is no port.
    pub(crate) fn serve(answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let (tell, asked) = channel();
        thread::spawn(move || run(&listener, answer, &tell));
        Ok(Self { url, asked })
    }

    /// The next request.
    ///
    /// # Errors
    ///
    /// There is none in time.
    pub(crate) fn asked(&self) -> Result<Asked> {
        let asked = self.asked.recv_timeout(PATIENCE);
        asked.context("nobody asks any more")
    }

    /// The requests that have come, and were not looked at.
    pub(crate) fn asked_so_far(&self) -> impl Iterator<Item = Asked> {
        self.asked.try_iter()
    }

    /// Whether nobody asks for some time.
    pub(crate) fn is_left_alone(&self, time: Duration) -> bool {
        self.asked.recv_timeout(time).is_err()
    }
}

impl Asked {
    /// The value of a header; empty if it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(own, _)| own == name);
        found.next().map_or("", |(_, value)| value)
    }

    fn read(socket: &mut TcpStream) -> Result<Self> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let text = String::from_utf8_lossy(&bytes);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let asked = Self::of(head, body)?;
                let length = asked.header("content-length").parse().unwrap_or(0);
                if body.len() >= length {
                    return Ok(asked);
                }
            }
            let length = match socket.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                result => result?,
            };
            ensure!(length > 0, "half a request");
            bytes.extend_from_slice(&buffer[..length]);
        }
    }

    fn of(head: &str, body: &str) -> Result<Self> {
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let mut word = || words.next().map(str::to_owned).context("a request line");
        let (method, path) = (word()?, word()?);
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Ok(Self {
            method,
            path,
            body: body.to_owned(),
            at: Instant::now(),
            headers: headers.collect(),
        })
    }
}

impl Answer {
    /// An event stream that ends.
    pub(crate) fn events(body: &str) -> Self {
        Self::Close(format!("{EVENTS}{body}"))
    }

    /// An event stream that goes on, and brings nothing more.
    pub(crate) fn open_events(body: &str) -> Self {
        Self::Hold(format!("{EVENTS}{body}"))
    }

    /// A status with text.
    pub(crate) fn status(status: u16, body: &str) -> Self {
        let length = match status {
            204 => String::new(),
            _ => format!("content-length: {}\r\n", body.len()),
        };
        Self::Close(format!(
            "HTTP/1.1 {status} So\r\ncontent-type: text/plain\r\nconnection: close\r\n{length}\r\n{body}"
        ))
    }
}

fn run(
    listener: &TcpListener,
    mut answer: impl FnMut(&Asked) -> Answer,
    tell: &Sender<Asked>,
) -> Option<()> {
    let mut held = Vec::new();
    loop {
        let (mut socket, _) = listener.accept().ok()?;
        socket.set_read_timeout(Some(PATIENCE)).ok()?;
        // Whoever was killed meanwhile asks no more.
        let Ok(asked) = Asked::read(&mut socket) else {
            continue;
        };
        // The test may be over.
        tell.send(asked.clone()).ok()?;
        match answer(&asked) {
            Answer::Close(text) => drop(socket.write_all(text.as_bytes())),
            Answer::Hold(text) => {
                let _ = socket.write_all(text.as_bytes());
                held.push(socket);
            }
        }
    }
}

/// A body that ends with the connection.
const EVENTS: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

/// Long enough for a client that waits before it connects again.
const PATIENCE: Duration = Duration::from_secs(20);
