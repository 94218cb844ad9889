//! The server: bytes that are there already, as fast as they are taken.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use anyhow::{Context, Result};

use crate::input::{END, Shape};

/// Prints its port and serves `/SHAPE/PIECE/TIMES` until it is killed.
pub(crate) fn serve() -> Result<bool> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (socket, _) = listener.accept()?;
        thread::spawn(move || {
            // A client that goes before the end says so itself.
            let _ = answer(socket);
        });
    }
}

fn answer(mut socket: TcpStream) -> Result<()> {
    let mut lines = BufReader::new(socket.try_clone()?).lines();
    let first = lines.next().context("a request line")??;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = first.split(' ').nth(1).context("a path")?;
    let mut parts = path.trim_start_matches('/').split('/');
    let mut part = || parts.next().context("a part of the path");
    let shape = Shape::of(part()?).context("a shape")?;
    let piece = shape.input(part()?.parse()?).piece;
    let times: u64 = part()?.parse()?;
    // The body ends with the connection: nothing frames it.
    socket.write_all(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n",
    )?;
    for _ in 0..times {
        socket.write_all(&piece)?;
    }
    socket.write_all(END.as_bytes())?;
    Ok(())
}
