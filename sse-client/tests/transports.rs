//! What each transport does on a socket.

#![cfg(any(feature = "reqwest", feature = "hyper"))]
#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

use std::time::Duration;

use http::Request;
use sse_client::{Backoff, ErrorKind, EventSource, RequestBody, Transport};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// A server that answers by hand, one connection at a time.
struct Server(TcpListener);

impl Server {
    async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn request(&self, path: &str) -> http::request::Builder {
        let address = self.0.local_addr().unwrap();
        Request::builder().uri(format!("http://{address}{path}"))
    }

    /// Takes a connection and reads its request up to `end`.
    async fn accept(&self, end: &str) -> (TcpStream, String) {
        let (mut socket, _) = self.0.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(end.as_bytes()) {
            assert_ne!(socket.read_buf(&mut request).await.unwrap(), 0);
        }
        (socket, String::from_utf8(request).unwrap().to_lowercase())
    }
}

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";

async fn write(socket: &mut TcpStream, text: &str) {
    socket.write_all(text.as_bytes()).await.unwrap();
}

/// The same for every transport.
macro_rules! suite {
    ($name:ident, $transport:expr) => {
        mod $name {
            use super::*;

            #[tokio::test]
            async fn events_come_as_soon_as_their_bytes_do() {
                events_come(|| $transport).await;
            }

            #[tokio::test]
            async fn dropping_closes_the_connection() {
                dropping_closes(|| $transport).await;
            }

            #[tokio::test]
            async fn a_reader_that_stops_stops_the_server() {
                stopping(|| $transport).await;
            }

            #[tokio::test]
            async fn bodies_are_sent() {
                bodies(|| $transport).await;
            }

            #[tokio::test]
            async fn a_response_that_was_cut_is_an_error() {
                cut(|| $transport).await;
            }

            #[tokio::test]
            async fn a_redirect_is_left_to_the_event_source() {
                redirect(|| $transport).await;
            }
        }
    };
}

#[cfg(feature = "reqwest")]
suite!(reqwest, sse_client::ReqwestTransport::new());
#[cfg(feature = "hyper")]
suite!(hyper, sse_client::HyperTransport::new());

async fn events_come<T: Transport>(transport: impl Fn() -> T) {
    let server = Server::new().await;
    let request = server.request("/events?a=b").body(()).unwrap();
    let mut events = EventSource::with_transport(transport(), request).last_event_id(7);
    let serve = async {
        let (mut socket, request) = server.accept("\r\n\r\n").await;
        write(&mut socket, &format!("{HEAD}\r\ndata: 1\n\n")).await;
        (socket, request)
    };
    let (first, (mut socket, request)) = tokio::join!(events.next(), serve);
    assert_eq!(first.unwrap().unwrap().data(), "1");
    assert!(
        request.starts_with("get /events?a=b http/1.1\r\n"),
        "{request}"
    );
    for line in [
        "accept: text/event-stream",
        "cache-control: no-cache",
        "last-event-id: 7",
        "host: 127.0.0.1",
    ] {
        assert!(request.contains(&format!("\r\n{line}")), "{request}");
    }
    assert!(!request.contains("content-length"), "{request}");
    write(&mut socket, "data: 2\r\n\r").await;
    assert_eq!(events.next().await.unwrap().unwrap().data(), "2");
}

/// A source that has had its first event, and the server's end of its connection.
async fn begun<T: Transport>(server: &Server, transport: T) -> (EventSource, TcpStream) {
    let request = server.request("/").body(()).unwrap();
    let mut events = EventSource::with_transport(transport, request);
    let serve = async {
        let (mut socket, _) = server.accept("\r\n\r\n").await;
        write(&mut socket, &format!("{HEAD}\r\ndata: 1\n\n")).await;
        socket
    };
    let (first, socket) = tokio::join!(events.next(), serve);
    assert_eq!(first.unwrap().unwrap().data(), "1");
    (events, socket)
}

async fn dropping_closes<T: Transport>(transport: impl Fn() -> T) {
    let server = Server::new().await;
    let (events, mut socket) = begun(&server, transport()).await;
    drop(events);
    // The end, or a reset: both are a connection that is gone.
    assert!(matches!(socket.read(&mut [0; 1]).await, Ok(0) | Err(_)));

    // While it waits for the response, too.
    let request = server.request("/").body(()).unwrap();
    let mut events = EventSource::with_transport(transport(), request);
    let mut socket = tokio::select! {
        _ = events.next() => panic!("there is no response"),
        (socket, _) = server.accept("\r\n\r\n") => socket,
    };
    drop(events);
    assert!(matches!(socket.read(&mut [0; 1]).await, Ok(0) | Err(_)));
}

async fn stopping<T: Transport>(transport: impl Fn() -> T) {
    let server = Server::new().await;
    let (mut events, mut socket) = begun(&server, transport()).await;
    // The system's buffers take some; what is beyond them has to wait.
    let (mebibyte, mut taken) = (":\n".repeat(512 * 1024), 0);
    while let Ok(()) = timeout(Duration::from_secs(1), write(&mut socket, &mebibyte)).await {
        taken += 1;
        assert!(taken < 64, "{taken} MiB are held");
    }
    // A write that was cut short ends anywhere in a line.
    let rest = write(&mut socket, "\n\ndata: 2\n\n");
    let (second, ()) = tokio::join!(events.next(), rest);
    assert_eq!(second.unwrap().unwrap().data(), "2");
}

async fn bodies<T: Transport>(transport: impl Fn() -> T) {
    let server = Server::new().await;
    let chunks = || tokio_stream::iter(["ques", "tion"].map(Ok::<_, std::io::Error>));
    for (body, end, header) in [
        (
            RequestBody::from("question"),
            "question",
            "content-length: 8",
        ),
        (
            RequestBody::stream(chunks()),
            "0\r\n\r\n",
            "transfer-encoding: chunked",
        ),
    ] {
        let request = server.request("/").method("POST").body(body).unwrap();
        let mut events = EventSource::with_transport(transport(), request);
        let serve = async {
            let (mut socket, request) = server.accept(end).await;
            write(
                &mut socket,
                &format!("{HEAD}content-length: 9\r\n\r\ndata: 1\n\n"),
            )
            .await;
            request
        };
        let (first, request) = tokio::join!(events.next(), serve);
        assert_eq!(first.unwrap().unwrap().data(), "1");
        assert!(request.contains(header), "{request}");
        assert!(events.next().await.is_none());
    }
}

async fn cut<T: Transport>(transport: impl Fn() -> T) {
    let server = Server::new().await;
    for framing in [
        "content-length: 99\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n9\r\n",
    ] {
        let request = server.request("/").body(()).unwrap();
        let events = EventSource::with_transport(transport(), request);
        let mut events = events.backoff(Backoff::never());
        let serve = async {
            let (mut socket, _) = server.accept("\r\n\r\n").await;
            write(&mut socket, &format!("{HEAD}{framing}data: 1\n\n")).await;
        };
        let (first, ()) = tokio::join!(events.next(), serve);
        assert_eq!(first.unwrap().unwrap().data(), "1");
        let error = events.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport);
        let cause = std::error::Error::source(&error).unwrap();
        assert!(cause.is::<sse_client::TransportError>());
    }
    // Nobody listens.
    let request = server.request("/").body(()).unwrap();
    drop(server);
    let events = EventSource::with_transport(transport(), request);
    let error = events.backoff(Backoff::never()).next().await;
    assert_eq!(error.unwrap().unwrap_err().kind(), ErrorKind::Transport);
}

async fn redirect<T: Transport>(transport: impl Fn() -> T) {
    let (server, other) = (Server::new().await, Server::new().await);
    let request = server.request("/").header("authorization", "secret");
    let mut events = EventSource::with_transport(transport(), request.body(()).unwrap());
    let serve = async {
        let (mut socket, request) = server.accept("\r\n\r\n").await;
        assert!(request.contains("\r\nauthorization: secret\r\n"));
        let to = other.request("/").body(()).unwrap().uri().to_string();
        let head = format!("HTTP/1.1 307 Go\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
        write(&mut socket, &head).await;
        let (mut socket, request) = other.accept("\r\n\r\n").await;
        write(
            &mut socket,
            &format!("{HEAD}content-length: 9\r\n\r\ndata: 1\n\n"),
        )
        .await;
        request
    };
    let (first, request) = tokio::join!(events.next(), serve);
    assert_eq!(first.unwrap().unwrap().data(), "1");
    assert!(!request.contains("authorization"), "{request}");
}

#[cfg(feature = "reqwest")]
#[tokio::test]
async fn an_address_without_a_transport_of_ones_own_is_enough() {
    let server = Server::new().await;
    let address = server.0.local_addr().unwrap();
    let mut events = EventSource::get(format!("http://user:pass@{address}/#x")).unwrap();
    let serve = async {
        let (mut socket, request) = server.accept("\r\n\r\n").await;
        write(&mut socket, "HTTP/1.1 204 No Content\r\n\r\n").await;
        request
    };
    let (end, request) = tokio::join!(events.next(), serve);
    assert!(end.is_none());
    assert!(request.starts_with("get / http/1.1"), "{request}");
    assert!(
        request.contains("\r\nauthorization: basic dxnlcjpwyxnz\r\n"),
        "{request}"
    );
    for wrong in ["", "/events", "example.com", "ftp://example.com/"] {
        let error = EventSource::get(wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Address, "{wrong:?}");
    }
}

#[cfg(feature = "reqwest")]
#[tokio::test]
async fn a_request_that_can_never_be_sent_is_final() {
    for uri in ["/relative", "ftp://example.com/"] {
        let request = Request::get(uri).body(()).unwrap();
        let error = EventSource::new(request).next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Address, "{uri}");
    }
}

#[cfg(feature = "reqwest")]
#[tokio::test]
async fn no_text_about_reqwest_shows_an_address_or_a_header() {
    let mut headers = http::HeaderMap::new();
    headers.insert("x-api-key", http::HeaderValue::from_static("s3cret"));
    let client = ::reqwest::Client::builder()
        .default_headers(headers)
        .build();
    let transport = sse_client::ReqwestTransport::from(client.unwrap());
    let debug = format!("{transport:?}");
    assert!(!debug.contains("s3cret"), "{debug}");

    let server = Server::new().await;
    let request = server.request("/?token=s3cret").body(()).unwrap();
    drop(server);
    let events = EventSource::with_transport(transport, request);
    let error = events.backoff(Backoff::never()).next().await;
    let error = error.unwrap().unwrap_err();
    let mut texts = format!("{error:?}");
    let mut source: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = source {
        texts.push_str(&error.to_string());
        source = error.source();
    }
    assert!(!texts.contains("s3cret"), "{texts}");
}

/// Without a TLS of its own, it says so instead of asking for ever.
#[cfg(any(feature = "hyper", not(feature = "rustls")))]
async fn https_is_final<T: Transport>(transport: impl Fn() -> T) {
    let server = Server::new().await;
    let plain = server.request("/").body(()).unwrap().uri().to_string();
    let request = Request::get(plain.replace("http:", "https:")).body(());
    let mut events = EventSource::with_transport(transport(), request.unwrap());
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
}

#[cfg(feature = "hyper")]
#[tokio::test]
async fn hyper_without_a_connector_for_tls_refuses_https() {
    https_is_final(sse_client::HyperTransport::new).await;
    https_is_final(sse_client::HyperTransport::http2).await;
}

#[cfg(all(feature = "reqwest", not(feature = "rustls")))]
#[tokio::test]
async fn reqwest_without_tls_refuses_https() {
    https_is_final(sse_client::ReqwestTransport::new).await;
}
