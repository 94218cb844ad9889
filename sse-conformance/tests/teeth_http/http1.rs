use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::answer::{Answer, Application, Asked};
use crate::body::{Body, Frame};
use crate::fault::Fault;

/// Answers requests on a connection, one after the other.
pub(crate) async fn serve(mut stream: TcpStream, application: Application) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let asked = tokio::select! {
            asked = read_head(&mut stream, &mut buffer) => asked?,
            () = application.stopping.asked() => return Ok(()),
        };
        let Some(asked) = asked else {
            return Ok(());
        };
        let answer = application.answer(&asked).await;
        send(
            &mut stream,
            &mut buffer,
            &application,
            answer,
            asked.method == "HEAD",
        )
        .await?;
    }
}

async fn send(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    application: &Application,
    mut answer: Answer,
    to_head: bool,
) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} whatever\r\n", answer.status);
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    if application.fault == Fault::HeaderTooMany {
        head += "connection: keep-alive\r\n";
    }
    head += match (&answer.body, answer.status) {
        (Some(_), _) => "transfer-encoding: chunked\r\n\r\n",
        (None, 204) => "\r\n",
        (None, _) if to_head => "\r\n",
        (None, _) => "content-length: 0\r\n\r\n",
    };
    let early = match &mut answer.body {
        Some(body) if application.fault == Fault::HeadWaitsForAnEvent => match body.frame().await {
            Frame::Data(bytes) => chunk(&bytes),
            Frame::Abort | Frame::End => Vec::new(),
        },
        _ => Vec::new(),
    };
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&early).await?;
    match answer.body {
        Some(body) => play(stream, buffer, application.fault, body).await,
        None => Ok(()),
    }
}

async fn play(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    fault: Fault,
    mut body: Body,
) -> io::Result<()> {
    let mut late = 0;
    loop {
        let watches = fault != Fault::StreamLeaked && late == 0;
        let frame = tokio::select! {
            frame = body.frame() => frame,
            read = stream.read_buf(buffer), if watches => {
                match (read, fault) {
                    (Ok(1..), _) => {}
                    (_, Fault::ClientMissedLate) => late = 1,
                    (_, Fault::WritesToTheGone) => {
                        return stream.write_all(&chunk(&body.last_words())).await;
                    }
                    (Ok(0), _) => return Ok(()),
                    (Err(error), _) => return Err(error),
                }
                continue;
            }
        };
        match frame {
            _ if late > 3 => return Ok(()),
            Frame::Data(_) if late > 0 => late += 1,
            Frame::Data(bytes) => match stream.write_all(&chunk(&bytes)).await {
                Err(_) if fault == Fault::StreamLeaked => std::future::pending().await,
                written => written?,
            },
            Frame::End => return stream.write_all(b"0\r\n\r\n").await,
            Frame::Abort => return Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    let size = format!("{:x}\r\n", bytes.len());
    [size.as_bytes(), bytes, b"\r\n"].concat()
}

async fn read_head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Asked>> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head: Vec<u8> = buffer.drain(..end + 4).take(end).collect();
    let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let mut first = first.split(' ').map(str::to_owned);
    let headers = lines.map(|line| {
        let colon = line
            .iter()
            .position(|&byte| byte == b':')
            .unwrap_or(line.len());
        let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
        (
            name,
            line.get(colon + 1..)
                .unwrap_or_default()
                .trim_ascii()
                .to_vec(),
        )
    });
    let headers = headers.collect();
    let (method, target) = (
        first.next().unwrap_or_default(),
        first.next().unwrap_or_default(),
    );
    Ok(Some(Asked {
        headers,
        method,
        target,
    }))
}

/// Waits until the client has sent enough to tell its protocol.
pub(crate) async fn is_http2(stream: &TcpStream) -> io::Result<bool> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0";
    let mut start = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut start).await? {
            0 => return Ok(false),
            read if start[..read] != PREFACE[..read] => return Ok(false),
            read if read == PREFACE.len() => return Ok(true),
            _ => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}
