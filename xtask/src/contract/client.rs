//! A client that sees every byte of HTTP/1.1.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

/// A connection with one request on it.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: BufReader<TcpStream>,
}

/// An answer, whole or up to its body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr, patience: Duration) -> Result<Self> {
        let socket = TcpStream::connect_timeout(&address, patience).context("cannot connect")?;
        socket.set_read_timeout(Some(patience))?;
        Ok(Self {
            socket: BufReader::new(socket),
        })
    }

    /// Sends a request; a server that has said no may have hung up before all was sent.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.socket.get_mut().write_all(bytes);
    }

    /// Reads the head of the answer.
    pub(crate) fn head(&mut self) -> Result<Answer> {
        let line = self.line()?;
        let status = line
            .strip_prefix("HTTP/1.1 ")
            .and_then(|it| it.get(..3))
            .and_then(|it| it.parse().ok());
        let mut answer = Answer {
            status: status.with_context(|| format!("no status line: {line:?}"))?,
            ..Answer::default()
        };
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(answer);
            }
            let (name, value) = line
                .split_once(':')
                .with_context(|| format!("no header: {line:?}"))?;
            answer
                .headers
                .push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// Reads a whole answer.
    pub(crate) fn answer(mut self, method: &str) -> Result<Answer> {
        let mut answer = self.head()?;
        if method == "HEAD" || answer.status == 304 || answer.status == 204 {
            return Ok(answer);
        }
        ensure!(
            !answer.is_stream_without_end(),
            "an event stream, not an answer that ends"
        );
        answer.body = self.into_stream(&answer)?.whole()?;
        Ok(answer)
    }

    /// Turns to the body of an answer whose head was read.
    pub(crate) fn into_stream(self, head: &Answer) -> Result<Stream> {
        Ok(Stream {
            left: head.length()?,
            connection: self,
            unread: Vec::new(),
        })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        self.socket
            .read_until(b'\n', &mut line)
            .map_err(|error| patience_over(&error))?;
        ensure!(!line.is_empty(), "the server hung up");
        let line = String::from_utf8_lossy(&line).into_owned();
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The next chunk of a body; `None` at its proper end.
    fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        let line = self.line()?;
        let size = usize::from_str_radix(&line, 16);
        let mut chunk = vec![0; size.with_context(|| format!("no chunk: {line:?}"))?];
        self.socket
            .read_exact(&mut chunk)
            .map_err(|error| patience_over(&error))?;
        let mut end = [0; 2];
        self.socket
            .read_exact(&mut end)
            .map_err(|error| patience_over(&error))?;
        Ok((!chunk.is_empty()).then_some(chunk))
    }
}

fn patience_over(error: &std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => anyhow::anyhow!("nothing came in time"),
        _ => anyhow::anyhow!("the server broke off: {error}"),
    }
}

impl Answer {
    /// The values of a header.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let own = self.headers.iter().filter(|(own, _)| own == name);
        own.map(|(_, value)| &**value).collect()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether it is an event stream.
    pub(crate) fn is_stream(&self) -> bool {
        self.values("content-type") == ["text/event-stream"]
    }

    fn is_stream_without_end(&self) -> bool {
        self.is_stream() && self.values("content-length").is_empty()
    }

    fn length(&self) -> Result<Option<usize>> {
        match self.values("content-length")[..] {
            [] if self.values("transfer-encoding") == ["chunked"] => Ok(None),
            [] => Ok(Some(0)),
            [length] => Ok(Some(length.parse()?)),
            _ => bail!("more than one length"),
        }
    }
}

/// An event stream that is read block by block.
#[derive(Debug)]
pub(crate) struct Stream {
    connection: Connection,
    unread: Vec<u8>,
    /// What is to come of a body that came with its length.
    left: Option<usize>,
}

impl Stream {
    /// Reads the next block with its blank line; `None` at the proper end.
    ///
    /// # Errors
    ///
    /// Nothing came in time, the body broke off, or it ends within a block.
    pub(crate) fn next(&mut self) -> Result<Option<String>> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|two| two == b"\n\n") {
                let rest = self.unread.split_off(end + 2);
                let block = std::mem::replace(&mut self.unread, rest);
                return Ok(Some(String::from_utf8(block)?));
            }
            let Some(more) = self.more()? else {
                let unread = String::from_utf8_lossy(&self.unread);
                ensure!(
                    unread.is_empty(),
                    "the stream ends within a block: {unread:?}"
                );
                return Ok(None);
            };
            self.unread.extend(more);
        }
    }

    /// Reads what is left of it.
    pub(crate) fn whole(&mut self) -> Result<Vec<u8>> {
        let mut whole = std::mem::take(&mut self.unread);
        while let Some(more) = self.more()? {
            whole.extend(more);
        }
        Ok(whole)
    }

    fn more(&mut self) -> Result<Option<Vec<u8>>> {
        match self.left.take() {
            None => self.connection.chunk(),
            Some(0) => {
                self.left = Some(0);
                Ok(None)
            }
            Some(length) => {
                self.left = Some(0);
                let mut body = vec![0; length];
                self.connection.socket.read_exact(&mut body)?;
                Ok(Some(body))
            }
        }
    }
}
