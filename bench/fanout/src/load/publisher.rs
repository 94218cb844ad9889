//! One connection that publishes, one request at a time.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream as Blocking},
};

use anyhow::{Context, Result, bail};
use memchr::memmem;
use mio::net::TcpStream;

/// A server to be put under load.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub address: SocketAddr,
    pub publishing: Publishing,
}

/// What a request to publish looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publishing {
    /// The data is the body; the topic is in the query.
    Text,
    /// Data and topic are fields of a form.
    Form,
}

#[derive(Debug)]
pub(crate) struct Publisher {
    pub(crate) socket: TcpStream,
    publishing: Publishing,
    answer: Vec<u8>,
}

/// What the server said of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) id: String,
    pub(crate) subscribers: u32,
}

impl Publisher {
    pub(crate) fn connect(target: Target) -> Result<Self> {
        let socket = Blocking::connect(target.address)?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket: TcpStream::from_std(socket),
            publishing: target.publishing,
            answer: Vec::new(),
        })
    }

    pub(crate) fn publish(&mut self, topic: u32, data: &[u8]) -> Result<()> {
        let (query, media_type, before) = match self.publishing {
            Publishing::Text => (format!("?topic=t{topic}"), "text/plain", String::new()),
            // What is published has nothing in it that a form would have to spell otherwise, but for its one blank.
            Publishing::Form => {
                let before = format!("topic=t{topic}&data=");
                (String::new(), "application/x-www-form-urlencoded", before)
            }
        };
        let len = before.len() + data.len();
        let mut request = format!(
            "POST /publish{query} HTTP/1.1\r\nhost: fanout\r\naccept: application/json\r\n\
             content-type: {media_type}\r\ncontent-length: {len}\r\n\r\n{before}"
        )
        .into_bytes();
        request.extend(data.iter().map(|&byte| match (self.publishing, byte) {
            (Publishing::Form, b' ') => b'+',
            _ => byte,
        }));
        let sent = self.socket.write(&request)?;
        if sent < request.len() {
            bail!("the socket took {sent} bytes of a request");
        }
        Ok(())
    }

    /// Reads what is there; the answer once it is whole.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<Option<Receipt>> {
        loop {
            match self.socket.read(buffer) {
                Ok(0) => bail!("the server closed a publisher's connection"),
                Ok(read) => {
                    self.answer.extend_from_slice(&buffer[..read]);
                    if read < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("a publisher's connection"),
            }
        }
        let receipt = receipt(&self.answer)?;
        if receipt.is_some() {
            self.answer.clear();
        }
        Ok(receipt)
    }
}

fn receipt(answer: &[u8]) -> Result<Option<Receipt>> {
    let Some(end) = memmem::find(answer, b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, body) = (&answer[..end], &answer[end + 4..]);
    let head = str::from_utf8(head)?;
    let len = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.eq_ignore_ascii_case("content-length")).then(|| value.trim().parse::<usize>())
    });
    let Some(len) = len.transpose()? else {
        bail!("an answer without content-length:\n{head}");
    };
    if body.len() < len {
        return Ok(None);
    }
    let body = str::from_utf8(body)?;
    // 201 is nchan's.
    if !head.starts_with("HTTP/1.1 202") && !head.starts_with("HTTP/1.1 201") {
        bail!("publishing was answered with {head}\n{body}");
    }
    let read = || {
        let (_, subscribers) = body.split_once("\"subscribers\":")?;
        let subscribers = subscribers.trim_start();
        let digits = subscribers.find(|c: char| !c.is_ascii_digit())?;
        let of_header = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.eq_ignore_ascii_case("sse-event-id")).then(|| value.trim())
        });
        // `id` is ours, `last_message_id` is nchan's.
        let of_body = || {
            let (_, id) = body.split_once("id\":")?;
            id.trim_start().strip_prefix('"')?.split('"').next()
        };
        Some(Receipt {
            id: of_header.or_else(of_body)?.to_owned(),
            subscribers: subscribers[..digits].parse().ok()?,
        })
    };
    read()
        .map(Some)
        .with_context(|| format!("an answer without id and subscribers: {body}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 31\r\n\r\n{\"id\":\"e-1-n\",\"subscribers\":12}";
        assert_eq!(receipt(&answer[..answer.len() - 2]).unwrap(), None);
        let expected = Receipt {
            id: "e-1-n".to_owned(),
            subscribers: 12,
        };
        assert_eq!(receipt(answer).unwrap(), Some(expected));
    }

    #[test]
    fn an_id_may_be_in_the_head() {
        let answer = b"HTTP/1.1 202 Accepted\r\nsse-event-id: e-2-n\r\ncontent-length: 28\r\n\r\n{\"queued\":1,\"subscribers\":3}";
        assert_eq!(
            answer.len(),
            answer.iter().position(|&b| b == b'{').unwrap() + 28
        );
        let receipt = receipt(answer).unwrap().unwrap();
        assert_eq!((&*receipt.id, receipt.subscribers), ("e-2-n", 3));
    }

    #[test]
    fn an_answer_that_is_no_success_is_an_error() {
        assert!(receipt(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").is_err());
    }
}
