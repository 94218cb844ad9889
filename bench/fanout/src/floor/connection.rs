//! A socket, what it has sent of a request, and how far it is in its topic.

use std::{
    io::{self, ErrorKind, IoSlice, Read as _, Write as _},
    mem,
    net::Shutdown,
};

use mio::net::TcpStream;

use super::log::Log;

#[derive(Debug)]
pub(crate) struct Connection {
    socket: TcpStream,
    /// A request that has not arrived as a whole.
    input: Vec<u8>,
    pub(crate) topic: Option<usize>,
    /// Position in the topic's log up to which all is sent.
    pub(crate) position: u64,
    /// Whether the socket took less than it was given.
    is_blocked: bool,
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
    cache-control: no-cache, no-transform\r\nx-accel-buffering: no\r\n\
    transfer-encoding: chunked\r\n\r\n";

impl Connection {
    pub(crate) fn new(socket: TcpStream) -> Self {
        Self {
            socket,
            input: Vec::new(),
            topic: None,
            position: 0,
            is_blocked: false,
        }
    }

    /// All that has arrived and is not answered; an end is an error.
    pub(crate) fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut buffer = [0; 4096];
        let mut input = mem::take(&mut self.input);
        loop {
            match self.socket.read(&mut buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    input.extend_from_slice(&buffer[..read]);
                    // Less than was asked for: the next bytes are a new event of the poll.
                    if read < buffer.len() {
                        return Ok(input);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(input),
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn keep(&mut self, rest: &[u8]) {
        if !rest.is_empty() {
            self.input.extend_from_slice(rest);
        }
    }

    /// Sends head and all from the position on in one go.
    pub(crate) fn start(&mut self, log: &Log) -> io::Result<()> {
        let bytes = log.from(self.position).ok_or(ErrorKind::InvalidInput)?;
        let slices = [IoSlice::new(HEAD), IoSlice::new(bytes)];
        let sent = self.socket.write_vectored(&slices)?;
        let sent = sent.checked_sub(HEAD.len()).ok_or(ErrorKind::WriteZero)?;
        self.position += sent as u64;
        self.is_blocked = sent < bytes.len();
        Ok(())
    }

    /// Goes on after the socket was full.
    pub(crate) fn unblock(&mut self, log: &Log) -> io::Result<()> {
        self.is_blocked = false;
        self.catch_up(log)
    }

    /// Sends what the socket takes of what is new; being too far behind is an error.
    pub(crate) fn catch_up(&mut self, log: &Log) -> io::Result<()> {
        let bytes = log.from(self.position).ok_or(ErrorKind::InvalidInput)?;
        if bytes.is_empty() || self.is_blocked {
            return Ok(());
        }
        match self.socket.write(bytes) {
            Ok(sent) => {
                self.position += sent as u64;
                self.is_blocked = sent < bytes.len();
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.is_blocked = true;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn send_answer(&mut self, status: &str, body: &str) -> io::Result<()> {
        let len = body.len();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {len}\r\n\r\n{body}");
        self.socket.write_all(answer.as_bytes())
    }

    pub(crate) fn cut(&self) {
        _ = self.socket.shutdown(Shutdown::Both);
    }
}
