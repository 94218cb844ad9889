//! HTTP/1.1 by hand, so that every byte is where the script says.

use std::{io, time::Duration, time::Instant};

use bytes::Bytes;
use socket2::SockRef;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::{
    answer::{Answer, End, Framing, Step},
    asked::Asked,
    server::Desk,
};

/// Serves one connection: one request, one answer.
pub(super) async fn serve(stream: TcpStream, connection: usize, desk: &Desk) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let asked = read_request(&mut stream, connection).await?;
    let answer = desk.answer(asked);
    let mut stream = stream.into_inner();
    write_answer(&mut stream, &answer).await?;
    if answer.closes_door {
        desk.refuse().await;
    }
    match answer.end {
        End::Whole if answer.framing == Framing::Chunked => {
            stream.write_all(b"0\r\n\r\n").await?;
            close(stream).await
        }
        End::Reset => SockRef::from(&stream).set_linger(Some(Duration::ZERO)),
        End::Silence | End::Freeze => hold(stream).await,
        _ => close(stream).await,
    }
}

/// Ends it, and waits for the other side, so that the end is never turned into a reset.
async fn close(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

/// Says nothing until the other side has left.
async fn hold(mut stream: TcpStream) -> io::Result<()> {
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

async fn read_request(stream: &mut BufReader<TcpStream>, connection: usize) -> io::Result<Asked> {
    let first = read_line(stream).await?;
    let at = Instant::now();
    let mut words = first
        .split(|byte| *byte == b' ')
        .map(String::from_utf8_lossy);
    let mut word = || words.next().unwrap_or_default().into_owned();
    let (method, target) = (word(), word());
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream).await?;
        if line.is_empty() {
            break;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.ok_or(io::ErrorKind::InvalidData)?);
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        headers.push((name, value[1..].trim_ascii().to_vec()));
    }
    let mut asked = Asked {
        method,
        target,
        headers,
        body: Vec::new(),
        connection,
        at,
    };
    if asked
        .text("transfer-encoding")
        .eq_ignore_ascii_case("chunked")
    {
        loop {
            let size = read_line(stream).await?;
            let size = usize::from_str_radix(&String::from_utf8_lossy(&size), 16);
            let size = size.map_err(io::Error::other)?;
            let begin = asked.body.len();
            asked.body.resize(begin + size, 0);
            stream.read_exact(&mut asked.body[begin..]).await?;
            read_line(stream).await?;
            if size == 0 {
                break;
            }
        }
    } else if let Ok(length) = asked.text("content-length").parse() {
        asked.body.resize(length, 0);
        stream.read_exact(&mut asked.body).await?;
    }
    Ok(asked)
}

/// Reads a line without its end.
async fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).await?;
    match line.strip_suffix(b"\r\n") {
        Some(line) => Ok(line.to_vec()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

async fn write_answer(stream: &mut TcpStream, answer: &Answer) -> io::Result<()> {
    if answer.framing != Framing::Raw {
        stream.write_all(&head(answer)).await?;
    }
    for step in &answer.steps {
        match step {
            Step::Send(bytes) if answer.framing == Framing::Chunked => {
                stream.write_all(&chunk(bytes)).await?;
            }
            Step::Send(bytes) => stream.write_all(bytes).await?,
            Step::Wait(pause) => tokio::time::sleep(*pause).await,
        }
    }
    Ok(())
}

fn head(answer: &Answer) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} -\r\n", answer.status).into_bytes();
    let framing: &[u8] = match answer.framing {
        Framing::Chunked => b"transfer-encoding: chunked\r\n",
        _ => b"connection: close\r\n",
    };
    for (name, value) in &answer.headers {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(framing);
    head.extend_from_slice(b"\r\n");
    head
}

fn chunk(bytes: &Bytes) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}
