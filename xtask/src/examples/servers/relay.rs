//! The relay, between a socket and an upstream that says all that can be said.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use anyhow::{Context as _, Result, ensure};

use crate::examples::response::Response;
use crate::examples::server::Server;

pub(super) fn passes_on() -> Result<()> {
    let upstream = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/any/path", upstream.local_addr()?);
    let serve = thread::spawn(move || serve_once(&upstream));
    let relay = Server::example("relay", &[&url])?;
    let mut response = Response::get(&format!("{}events", relay.url), &["last-event-id: naïve ☃"])?;
    let text = response.end()?;
    let request = serve.join().ok().context("the upstream")??;
    ensure!(
        request.contains("last-event-id: naïve ☃"),
        "the upstream got {request}"
    );
    ensure!(
        text.trim_start_matches(":\n\n") == STREAM,
        "{text:?} came of {STREAM:?}"
    );

    // Nobody is there any more.
    let mut response = Response::get(&format!("{}events", relay.url), &[])?;
    response.end()?;
    ensure!(
        response.head().starts_with("http/1.1 502"),
        "{}",
        response.head()
    );
    Ok(())
}

/// Answers one request with the stream and gives back what it said.
fn serve_once(listener: &TcpListener) -> Result<String> {
    let (mut socket, _) = listener.accept()?;
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        let length = socket.read(&mut buffer)?;
        ensure!(length > 0, "half a request");
        request.extend_from_slice(&buffer[..length]);
    }
    let length = STREAM.len();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n";
    write!(socket, "{head}content-length: {length}\r\n\r\n{STREAM}")?;
    Ok(String::from_utf8_lossy(&request).into_owned())
}

/// Every field, present, absent and empty, in the order in which they are encoded.
const STREAM: &str = ": a keep-alive\n\n\
    id: 1\nevent: a\nretry: 5000\ndata: two\ndata: lines\n\n\
    data:  leading space\n\n\
    id: \ndata: \n\n\
    id: only\n\n\
    retry: 9\n\n\
    event: ☃\ndata: end\n\n";
