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
    socket.write_all(HEAD)?;
    let framed = in_chunks(&piece);
    for _ in 0..times {
        socket.write_all(&framed)?;
    }
    socket.write_all(&in_chunks(END.as_bytes()))?;
    socket.write_all(b"0\r\n\r\n")?;
    Ok(())
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
    transfer-encoding: chunked\r\nconnection: close\r\n\r\n";

/// As servers frame event streams, with what a busy one writes at once.
const CHUNK: usize = 64 << 10;

fn in_chunks(piece: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(piece.len() + piece.len() / 1024 + 16);
    for chunk in piece.chunks(CHUNK) {
        framed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        framed.extend_from_slice(chunk);
        framed.extend_from_slice(b"\r\n");
    }
    framed
}
