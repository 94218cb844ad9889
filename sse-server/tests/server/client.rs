//! A client that sees every byte.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    socket: BufReader<TcpStream>,
}

/// A response, whole or up to its body.
#[derive(Debug, Default)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| &**value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Headers that say something about the answer, by name.
    pub(crate) fn names(&self) -> Vec<&str> {
        let ours = |name: &&str| {
            !["date", "content-length", "transfer-encoding"].contains(name)
                && !name.starts_with("access-control-")
        };
        let mut names: Vec<_> = self.headers.iter().map(|(name, _)| &**name).collect();
        names.retain(ours);
        names.sort_unstable();
        names
    }

    #[track_caller]
    pub(crate) fn check(&self, status: u16, media_type: Option<&str>, body: &str) {
        assert_eq!(
            (self.status, self.header("content-type"), &*self.text()),
            (status, media_type, body)
        );
    }

    /// `{"error": "…"}` with a status.
    #[track_caller]
    pub(crate) fn check_error(&self, status: u16, error: &str) {
        let body = serde_json::json!({ "error": error }).to_string();
        self.check(status, Some("application/json"), &body);
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            socket: BufReader::new(socket),
        }
    }

    /// Sends header lines, the blank line behind them, and a body.
    pub(crate) fn send(&mut self, head: &str, body: &[u8]) {
        let mut bytes = format!("{head}\r\n").into_bytes();
        bytes.extend(body);
        self.raw(&bytes);
    }

    /// A server that has said no may have hung up before all was sent.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        let _ = self.socket.get_mut().write_all(bytes);
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.socket.read_line(&mut line).unwrap();
        line.trim_end_matches("\r\n").to_owned()
    }

    /// Whether the server hangs up, whatever it says before.
    pub(crate) fn is_closed(&mut self) -> bool {
        loop {
            let length = match self.socket.fill_buf() {
                Ok([]) => return true,
                Ok(bytes) => bytes.len(),
                Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
            };
            self.socket.consume(length);
        }
    }

    /// Whether nothing comes for so long.
    pub(crate) fn is_silent_for(&mut self, time: Duration) -> bool {
        self.socket.get_ref().set_read_timeout(Some(time)).unwrap();
        let is_silent = self.socket.fill_buf().is_err();
        let patience = Some(PATIENCE);
        self.socket.get_ref().set_read_timeout(patience).unwrap();
        is_silent
    }

    fn head(&mut self) -> Response {
        let status = self.line();
        let status = status.strip_prefix("HTTP/1.1 ").and_then(|it| it.get(..3));
        let mut response = Response {
            status: status.unwrap_or("0").parse().unwrap(),
            ..Response::default()
        };
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else {
                return response;
            };
            response.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Reads a whole response.
    pub(crate) fn response(&mut self, is_head: bool) -> Response {
        let mut response = self.head();
        if is_head || response.status == 304 {
            return response;
        }
        if let Some(length) = response.header("content-length") {
            let mut body = vec![0; length.parse().unwrap()];
            self.socket.read_exact(&mut body).unwrap();
            response.body = body;
        } else {
            while let Some(chunk) = self.chunk() {
                response.body.extend(chunk);
            }
        }
        response
    }

    /// The next chunk of a body; `None` at its proper end.
    fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = self.line();
        let size = usize::from_str_radix(&size, 16)
            .unwrap_or_else(|_| panic!("the body broke off: {size:?}"));
        let mut chunk = vec![0; size];
        self.socket.read_exact(&mut chunk).unwrap();
        self.line();
        (size > 0).then_some(chunk)
    }

    pub(crate) fn stream(mut self) -> Stream {
        let head = self.head();
        let mut unread = String::new();
        let length = head.header("content-length").map(|it| it.parse().unwrap());
        if let Some(length) = length {
            let mut body = vec![0; length];
            self.socket.read_exact(&mut body).unwrap();
            unread = String::from_utf8(body).unwrap();
        }
        Stream {
            is_whole: length.is_some(),
            head,
            client: self,
            unread,
        }
    }
}

/// An event stream that is being read.
pub(crate) struct Stream {
    pub(crate) head: Response,
    client: Client,
    unread: String,
    /// Whether it came with its length.
    is_whole: bool,
}

impl Stream {
    /// Reads on until there is another block, and returns it with its blank line; `None` at the proper end.
    pub(crate) fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.unread.find("\n\n") {
                let rest = self.unread.split_off(end + 2);
                return Some(std::mem::replace(&mut self.unread, rest));
            }
            if self.is_whole {
                return None;
            }
            let chunk = self.client.chunk()?;
            self.unread.push_str(&String::from_utf8(chunk).unwrap());
        }
    }

    #[track_caller]
    pub(crate) fn expect(&mut self, block: &str) {
        assert_eq!(self.next().as_deref(), Some(block));
    }

    /// Whether it breaks off, whatever comes before.
    pub(crate) fn is_cut(&mut self) -> bool {
        self.client.is_closed()
    }

    /// Reads what is left.
    pub(crate) fn rest(mut self) -> String {
        let mut rest = String::new();
        while let Some(block) = self.next() {
            rest.push_str(&block);
        }
        rest + &self.unread
    }
}
