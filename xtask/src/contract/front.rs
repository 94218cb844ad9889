//! A small server in front of the real one, which does one thing wrong.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::contract::client::{Answer, Connection};
use crate::contract::fault::Fault;

/// The front, on a port of its own until the process ends.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
}

/// A request on its way to the real server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Header lines, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Front {
    pub(crate) fn open(behind: SocketAddr, fault: &'static Fault) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                // A client that leaves, and a server that ends, are no news here.
                thread::spawn(move || drop(serve(socket, behind, fault)));
            }
        });
        Ok(Self { address })
    }
}

fn serve(mut socket: TcpStream, behind: SocketAddr, fault: &Fault) -> Result<()> {
    let asked = Request::read(&mut socket)?;
    let mut request = asked.clone();
    (fault.request)(&mut request);
    let mut connection = Connection::open(behind, PATIENCE)?;
    connection.send(&request.to_bytes());
    let mut answer = connection.head()?;
    if answer.is_stream() && request.method == "GET" {
        let head = head(&answer, "transfer-encoding: chunked");
        socket.write_all(head.as_bytes())?;
        let mut stream = connection.into_stream(&answer)?;
        while let Some(block) = stream.next()? {
            let block = (fault.block)(&asked, block);
            if !block.is_empty() {
                // A client that left is kept on the server's books: that is for faults to tell.
                let _ = write!(socket, "{:x}\r\n{block}\r\n", block.len());
            }
        }
        return Ok(socket.write_all(b"0\r\n\r\n")?);
    }
    if request.method != "HEAD" {
        let mut stream = connection.into_stream(&answer)?;
        answer.body = stream.whole()?;
    }
    (fault.answer)(&asked, &mut answer);
    let length = format!("content-length: {}", answer.body.len());
    socket.write_all(head(&answer, &length).as_bytes())?;
    if asked.method != "HEAD" {
        socket.write_all(&answer.body)?;
    }
    Ok(())
}

/// The head of an answer, with another length than it came with.
fn head(answer: &Answer, length: &str) -> String {
    let mut head = format!("HTTP/1.1 {} X\r\n{length}\r\n", answer.status);
    for (name, value) in &answer.headers {
        if !["content-length", "transfer-encoding"].contains(&&**name) {
            head.extend([name, ": ", value, "\r\n"]);
        }
    }
    head + "\r\n"
}

impl Request {
    fn read(socket: &mut TcpStream) -> Result<Self> {
        let mut reader = BufReader::new(socket);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut parts = line.split(' ');
        let mut request = Self {
            method: parts.next().context("no method")?.to_owned(),
            target: parts.next().context("no target")?.to_owned(),
            ..Self::default()
        };
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            request
                .headers
                .push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        if let Some(length) = request.header("content-length") {
            request.body = vec![0; length.parse()?];
            reader.read_exact(&mut request.body)?;
        }
        Ok(request)
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| &**value)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }
}

/// As long as any row waits.
const PATIENCE: Duration = Duration::from_secs(30);
