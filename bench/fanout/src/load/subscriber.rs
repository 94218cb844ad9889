//! One connection that reads a topic.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use mio::net::TcpStream;
use socket2::{Domain, Socket, Type};

use super::{
    blocks::{Block, Blocks},
    framing::Framing,
    record::Record,
};

/// What a subscriber asks for.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub topic: u32,
    pub reads: Reads,
    /// Id of the event after which it resumes.
    pub after: Option<String>,
    /// Place in its topic of the event that comes first.
    pub from: usize,
}

/// Whether a subscriber reads what it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    Always,
    /// Nothing after the response's head.
    Stops,
}

#[derive(Debug)]
pub(crate) struct Subscriber {
    pub(crate) socket: TcpStream,
    pub(crate) subscription: Subscription,
    /// Place in the topic's order of the event that comes next.
    pub(crate) place: usize,
    pub(crate) notices: u32,
    framing: Framing,
    blocks: Blocks,
    opened: Instant,
    connected: Option<Duration>,
}

/// What reading did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    GoesOn,
    Ended,
}

impl Subscriber {
    pub(crate) fn connect(address: SocketAddr, subscription: Subscription) -> Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        // Closing resets: thousands of ports in TIME_WAIT would be missed by the next run.
        socket.set_linger(Some(Duration::ZERO))?;
        if subscription.reads == Reads::Stops {
            // The system shall not read for it.
            socket.set_recv_buffer_size(4096)?;
        }
        let opened = Instant::now();
        if let Err(error) = socket.connect(&address.into())
            && error.raw_os_error() != Some(IN_PROGRESS)
        {
            return Err(error).context("connect");
        }
        Ok(Self {
            socket: TcpStream::from_std(socket.into()),
            place: subscription.from,
            subscription,
            notices: 0,
            framing: Framing::new(),
            blocks: Blocks::default(),
            opened,
            connected: None,
        })
    }

    /// How long it took to be connected.
    pub(crate) fn connected(&self) -> Option<Duration> {
        self.connected
    }

    /// When it was told to come back if it has to.
    pub(crate) fn comes_back_after(&self) -> Option<Duration> {
        self.blocks.retry()
    }

    /// Whether the response has begun.
    pub(crate) fn is_open(&self) -> bool {
        !self.framing.is_head()
    }

    /// Sends the request once the connection stands.
    pub(crate) fn request(&mut self) -> Result<()> {
        if self.connected.is_some() {
            return Ok(());
        }
        if let Some(error) = self.socket.take_error()? {
            return Err(error).context("connect");
        }
        self.connected = Some(self.opened.elapsed());
        let topic = self.subscription.topic;
        let after = match &self.subscription.after {
            Some(id) => format!("last-event-id: {id}\r\n"),
            None => String::new(),
        };
        let request = format!(
            "GET /events?topic=t{topic} HTTP/1.1\r\nhost: fanout\r\naccept: text/event-stream\r\n{after}\r\n"
        );
        let sent = self.socket.write(request.as_bytes())?;
        if sent < request.len() {
            bail!("the socket took {sent} bytes of a request");
        }
        Ok(())
    }

    /// Reads and checks what is there.
    pub(crate) fn read(&mut self, buffer: &mut [u8], record: &mut Record) -> Result<Progress> {
        loop {
            let stopped = self.subscription.reads == Reads::Stops && !self.framing.is_head();
            if stopped {
                return Ok(Progress::GoesOn);
            }
            match self.socket.read(buffer) {
                Ok(0) => return Ok(Progress::Ended),
                Ok(read) => {
                    self.take(&buffer[..read], record)?;
                    if self.framing.is_finished() {
                        return Ok(Progress::Ended);
                    }
                    // Less than was asked for: the next bytes are a new event of the poll.
                    if read < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                    return Ok(Progress::Ended);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Progress::GoesOn)
    }

    fn take(&mut self, mut input: &[u8], record: &mut Record) -> Result<()> {
        let (now, topic, reads) = (
            record.now(),
            self.subscription.topic,
            self.subscription.reads,
        );
        while let Some((piece, rest)) = self.framing.next(input)? {
            let (place, notices) = (&mut self.place, &mut self.notices);
            self.blocks.feed(piece, |block| {
                match block {
                    Block::Event(number) if reads == Reads::Always => {
                        record.deliver(topic, *place, number, now)?;
                    }
                    // After a gap that was told it may go on anywhere.
                    Block::Event(_) if *notices > 0 => {}
                    Block::Event(number) => record.check(topic, *place, number)?,
                    Block::Notice => *notices += 1,
                }
                *place += 1;
                Ok(())
            })?;
            input = rest;
        }
        Ok(())
    }

    /// Reads again after having stopped, to see what became of it.
    pub(crate) fn read_to_end(
        &mut self,
        buffer: &mut [u8],
        record: &mut Record,
    ) -> Result<Progress> {
        loop {
            match self.socket.read(buffer) {
                Ok(0) => return Ok(Progress::Ended),
                Ok(read) => self.take(&buffer[..read], record)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Progress::GoesOn),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                    return Ok(Progress::Ended);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// What `connect` says on a socket that does not block.
const IN_PROGRESS: i32 = 115;
