//! A server that does nothing but what the sockets demand.

mod connection;
mod log;
mod request;
mod topic;

use std::{
    collections::HashMap,
    io::{self, ErrorKind},
    net::{Ipv4Addr, SocketAddr},
};

use anyhow::Result;
use mio::{Events, Interest, Poll, Token, event::Event, net::TcpListener};
use socket2::{Domain, Socket, Type};

use self::{
    connection::Connection,
    log::Log,
    request::{Request, Route},
    topic::Topic,
};
use crate::{allocations, arguments::Arguments};

/// How events reach the sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// One `send` per event and subscriber, while publishing.
    Each,
    /// Once all publishers that are ready have been read: one `send` per subscriber of all that is new.
    Log,
}

/// The event loop and all that it serves.
#[derive(Debug)]
pub struct Server {
    poll: Poll,
    listener: TcpListener,
    writes: Writes,
    retain: usize,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    topics: Vec<Topic>,
    names: HashMap<String, usize>,
    dirty: Vec<usize>,
}

const LISTENER: Token = Token(usize::MAX);

impl Server {
    pub fn bind(arguments: &Arguments, writes: Writes) -> Result<Self> {
        let socket = Socket::new(Domain::for_address(arguments.listen), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.bind(&arguments.listen.into())?;
        socket.listen(4096)?;
        let mut listener = TcpListener::from_std(socket.into());
        let poll = Poll::new()?;
        poll.registry()
            .register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            writes,
            retain: arguments.retain,
            connections: Vec::new(),
            free: Vec::new(),
            topics: Vec::new(),
            names: HashMap::new(),
            dirty: Vec::new(),
        })
    }

    pub fn address(&self) -> Result<SocketAddr> {
        let port = self.listener.local_addr()?.port();
        Ok((Ipv4Addr::LOCALHOST, port).into())
    }

    /// Serves until the process is ended.
    pub fn run(&mut self) -> Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                done => done?,
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    Token(index) => self.serve(index, event),
                }
            }
            while let Some(topic) = self.dirty.pop() {
                self.topics[topic].flush(&mut self.connections);
            }
        }
    }

    fn accept(&mut self) -> Result<()> {
        loop {
            let mut socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            _ = socket.set_nodelay(true);
            let index = self.free.pop().unwrap_or(self.connections.len());
            if index == self.connections.len() {
                self.connections.push(None);
            }
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll
                .registry()
                .register(&mut socket, Token(index), interest)?;
            self.connections[index] = Some(Connection::new(socket));
        }
    }

    fn serve(&mut self, index: usize, event: &Event) {
        let Some(mut connection) = self.connections.get_mut(index).and_then(Option::take) else {
            return;
        };
        let done = match connection.topic {
            Some(topic) if event.is_writable() => connection.unblock(&self.topics[topic].log),
            _ => Ok(()),
        };
        let done = done.and_then(|()| {
            if event.is_readable() || event.is_read_closed() {
                self.answer_all(index, &mut connection)
            } else {
                Ok(())
            }
        });
        if done.is_ok() {
            self.connections[index] = Some(connection);
        } else {
            if let Some(topic) = connection.topic {
                self.topics[topic].leave(index);
            }
            self.free.push(index);
        }
    }

    /// Answers the requests that are whole and keeps the rest.
    fn answer_all(&mut self, index: usize, connection: &mut Connection) -> io::Result<()> {
        let input = connection.read()?;
        let mut rest = &input[..];
        while let Some(request) = Request::parse(rest) {
            self.answer(index, connection, &request)?;
            rest = &rest[request.len..];
        }
        connection.keep(rest);
        Ok(())
    }

    fn answer(
        &mut self,
        index: usize,
        connection: &mut Connection,
        request: &Request<'_>,
    ) -> io::Result<()> {
        match request.route {
            Route::Events => {
                let number = self.topic(request.topic);
                let topic = &mut self.topics[number];
                topic.subscribers.push(index);
                let resumed = request.last_event_id.and_then(|id| topic.log.after(id));
                connection.position = resumed.unwrap_or_else(|| topic.log.end());
                connection.topic = Some(number);
                connection.start(&topic.log)
            }
            Route::Publish => {
                let number = self.topic(request.topic);
                let topic = &mut self.topics[number];
                let id = topic.log.append(request.body);
                match self.writes {
                    Writes::Each => topic.flush(&mut self.connections),
                    Writes::Log if self.dirty.contains(&number) => {}
                    Writes::Log => self.dirty.push(number),
                }
                let subscribers = self.topics[number].subscribers.len();
                let json = format!("{{\"id\":\"{id}\",\"subscribers\":{subscribers}}}");
                connection.send_answer("202 Accepted", &json)
            }
            Route::Allocations => match allocations::count() {
                Some(count) => connection.send_answer("200 OK", &count),
                None => connection.send_answer("404 Not Found", ""),
            },
            Route::Unknown => connection.send_answer("404 Not Found", ""),
        }
    }

    fn topic(&mut self, name: &str) -> usize {
        if let Some(&number) = self.names.get(name) {
            return number;
        }
        let number = self.topics.len();
        self.names.insert(name.to_owned(), number);
        self.topics.push(Topic::new(Log::new(self.retain)));
        number
    }
}
