use std::{io, time::Duration};

use tokio::{net::TcpStream, time::sleep};

/// What a client speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// What HTTP/2 begins with, as far as it takes to tell: no method of HTTP/1.1 begins like this.
const PREFACE: &[u8] = b"PRI";

/// Looks at the first bytes without taking them; the end of the connection is an error.
pub(super) async fn look(socket: &TcpStream) -> io::Result<Version> {
    let mut start = [0; PREFACE.len()];
    loop {
        let count = socket.peek(&mut start).await?;
        let seen = &start[..count];
        if seen.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if seen == PREFACE {
            return Ok(Version::Http2);
        }
        if !PREFACE.starts_with(seen) {
            return Ok(Version::Http1);
        }
        // A byte or two that can be either: nothing wakes one who has seen them already.
        sleep(Duration::from_millis(5)).await;
    }
}
