//! A server in this process, on a port of its own.

use std::{net::SocketAddr, sync::mpsc, thread};

use sse_server::{Server, Settings, Stop, cli::Cli};

use crate::client::{Client, Response, Stream};

/// A server that runs until it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) stop: Stop,
    thread: Option<thread::JoinHandle<()>>,
}

impl Running {
    /// Starts one with arguments as on a command line.
    #[track_caller]
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let own = ["sse-server", "--listen", "127.0.0.1:0"];
        let cli = Cli::read(own.iter().chain(arguments)).unwrap();
        let settings = Settings::try_from(cli.serve).unwrap();
        let (tell, told) = mpsc::channel();
        let stop = Stop::new();
        let stopped = stop.clone();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let server = Server::bind(settings).await.unwrap();
                tell.send((server.address(), server.admin_address()))
                    .unwrap();
                server.run(stopped).await.unwrap();
            });
        });
        let (address, admin) = told.recv().unwrap();
        Self {
            address,
            admin,
            stop,
            thread: Some(thread),
        }
    }

    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// Sends a request head, with a blank line added, and a body.
    #[track_caller]
    pub(crate) fn send(&self, head: &str, body: &[u8]) -> Response {
        let mut client = self.client();
        client.send(head, body);
        client.response(head.starts_with("HEAD "))
    }

    #[track_caller]
    pub(crate) fn get(&self, target: &str) -> Response {
        self.send(&format!("GET {target} HTTP/1.1\r\nhost: x\r\n"), b"")
    }

    /// Publishes a body of a media type to `/sse`.
    #[track_caller]
    pub(crate) fn post(&self, media_type: &str, body: impl AsRef<[u8]>) -> Response {
        let body = body.as_ref();
        let length = body.len();
        let head = format!(
            "POST /sse HTTP/1.1\r\nhost: x\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n"
        );
        self.send(&head, body)
    }

    #[track_caller]
    pub(crate) fn json(&self, body: &str) -> Response {
        self.post("application/json", body)
    }

    /// Publishes data, which must be accepted.
    #[track_caller]
    pub(crate) fn publish(&self, data: &str) {
        let body = serde_json::json!({ "data": data }).to_string();
        assert_eq!(self.json(&body).status, 202);
    }

    /// Subscribes, with more header lines, and waits for the response's head.
    #[track_caller]
    pub(crate) fn stream(&self, target: &str, headers: &str) -> Stream {
        let mut client = self.client();
        client.send(
            &format!("GET {target} HTTP/1.1\r\nhost: x\r\n{headers}"),
            b"",
        );
        let stream = client.stream();
        assert_eq!(stream.head.status, 200);
        stream
    }

    /// Subscribes to `/sse` and waits for the opening.
    #[track_caller]
    pub(crate) fn subscribe(&self) -> Stream {
        let mut stream = self.stream("/sse", "");
        stream.expect(": ok\n\n");
        stream
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.stop();
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
