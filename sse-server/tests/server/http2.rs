//! HTTP/2 without TLS, for those who begin with it.

use std::{
    future::Future,
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use reqwest::{Client, Version};

use crate::{client::PATIENCE, running::Running};

fn in_time(talk: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let all = async { tokio::time::timeout(PATIENCE, talk).await };
    runtime.unwrap().block_on(all).unwrap();
}

#[test]
fn http_2_has_publishers_and_many_streams_on_one_connection() {
    let server = Running::new();
    let url = format!("http://{}/sse", server.address);
    in_time(async {
        let client = Client::builder().http2_prior_knowledge().build().unwrap();
        let mut streams = Vec::new();
        for _ in 0..10 {
            let stream = client.get(&url).send().await.unwrap();
            assert_eq!(
                (stream.version(), stream.status().as_u16()),
                (Version::HTTP_2, 200)
            );
            assert!(!stream.headers().contains_key("connection"));
            streams.push(stream);
        }
        let publish = client.post(&url).header("content-type", "application/json");
        let receipt = publish.body(r#"{"data":"x"}"#).send().await.unwrap();
        assert_eq!(receipt.version(), Version::HTTP_2);
        assert_eq!(
            receipt.text().await.unwrap(),
            r#"{"queued":1,"subscribers":10}"#
        );
        for stream in &mut streams {
            let mut text = Vec::new();
            while text.len() < b": ok\n\ndata: x\n\n".len() {
                text.extend(stream.chunk().await.unwrap().unwrap());
            }
            assert_eq!(text, b": ok\n\ndata: x\n\n");
        }
    });
}

#[test]
fn a_client_that_holds_a_stream_back_is_cut() {
    let arguments = ["--write-timeout", "300ms", "--lag-count", "8", "-c", "8"];
    let server = Running::with(&arguments);
    let url = format!("http://{}/sse", server.address);
    in_time(async {
        let client = Client::builder().http2_prior_knowledge().build().unwrap();
        let mut held = client.get(&url).send().await.unwrap();
        let body = serde_json::json!({ "data": "x".repeat(60_000) }).to_string();
        // Beyond the window of the stream, which nobody makes larger.
        for _ in 0..200 {
            let publish = client.post(&url).header("content-type", "application/json");
            let Ok(receipt) = publish.body(body.clone()).send().await else {
                break;
            };
            assert_eq!(receipt.status(), 202);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut last = held.chunk().await;
        while let Ok(Some(_)) = last {
            last = held.chunk().await;
        }
        assert!(last.is_err(), "the stream has an end");
    });
}

#[test]
fn a_stream_that_is_held_back_does_not_cut_those_beside_it() {
    let arguments = ["--write-timeout", "300ms", "--lag-count", "8", "-c", "8"];
    let server = Running::with(&arguments);
    let url = format!("http://{}/sse", server.address);
    in_time(async {
        let client = Client::builder().http2_prior_knowledge().build().unwrap();
        let held = client
            .get(format!("{url}?topic=much"))
            .send()
            .await
            .unwrap();
        let mut beside = client.get(&url).send().await.unwrap();
        assert_eq!(beside.chunk().await.unwrap().unwrap(), ": ok\n\n");
        let publish = async |body: String| {
            let publish = client.post(&url).header("content-type", "application/json");
            let receipt = publish.body(body).send().await.unwrap();
            assert_eq!(receipt.status(), 202);
            receipt.text().await.unwrap()
        };
        let much = serde_json::json!({ "data": "x".repeat(60_000), "topic": "much" }).to_string();
        // Until the hub has let go of it.
        while !publish(much.clone()).await.ends_with(r#""subscribers":0}"#) {}
        let start = std::time::Instant::now();
        let mut number = 0;
        while start.elapsed() < Duration::from_millis(1_500) {
            publish(format!(r#"{{"data":"{number}"}}"#)).await;
            let expected = format!("data: {number}\n\n");
            assert_eq!(beside.chunk().await.unwrap().unwrap(), expected);
            number += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(held);
    });
}

#[test]
fn heads_and_subscriptions_are_counted_as_on_http_1_1() {
    let server = Running::with(&["--max-headers", "10", "--max-connections", "3"]);
    let url = format!("http://{}/sse", server.address);
    in_time(async {
        let client = Client::builder().http2_prior_knowledge().build().unwrap();
        let head = async |headers: usize| {
            let mut request = client.get(format!("http://{}/health/live", server.address));
            for number in 0..headers {
                request = request.header(format!("x{number}"), "y");
            }
            request.send().await.unwrap().status().as_u16()
        };
        assert_eq!((head(9).await, head(11).await), (200, 431));
        let mut streams = Vec::new();
        for _ in 0..3 {
            streams.push(client.get(&url).send().await.unwrap());
        }
        let one_more = client.get(&url).send().await.unwrap().text().await.unwrap();
        assert!(one_more.starts_with(": ok\n\nretry: "), "{one_more}");
        let one_more = client.get(&url).header("prefer", "status").send().await;
        assert_eq!(one_more.unwrap().status(), 503);
        for stream in &mut streams {
            assert_eq!(stream.chunk().await.unwrap().unwrap(), ": ok\n\n");
        }
    });
    let server = Running::with(&["--max-address-connections", "2"]);
    let url = format!("http://{}/sse", server.address);
    in_time(async {
        let client = Client::builder().http2_prior_knowledge().build().unwrap();
        let first = client.get(&url).send().await.unwrap();
        let second = client.get(&url).send().await.unwrap();
        let third = client.get(&url).send().await.unwrap().text().await.unwrap();
        assert!(third.starts_with(": ok\n\nretry: "), "{third}");
        drop((first, second));
    });
}

/// One connection, frame by frame (RFC 9113, section 4.1).
struct Frames(TcpStream);

const HEADERS: u8 = 1;
const PING: u8 = 6;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
/// `GET / http`, of the static table (RFC 7541, appendix A).
const HEAD: [u8; 3] = [0x82, 0x84, 0x86];

impl Frames {
    fn open(server: &Running) -> Self {
        let socket = TcpStream::connect(server.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut frames = Self(socket);
        frames
            .0
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .unwrap();
        let settings = 4;
        frames.send(settings, 0, 0, &[]);
        frames
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u8, payload: &[u8]) {
        let length = u8::try_from(payload.len()).unwrap();
        let head = [0, 0, length, kind, flags, 0, 0, 0, stream];
        self.0.write_all(&[&head[..], payload].concat()).unwrap();
    }

    /// The kind, flags, stream and payload of what comes next, unless the server has hung up.
    fn next(&mut self) -> Option<(u8, u8, u8, Vec<u8>)> {
        let mut head = [0; 9];
        if let Err(error) = self.0.read_exact(&mut head) {
            let is_closed = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset];
            assert!(is_closed.contains(&error.kind()), "{error}");
            return None;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).unwrap();
        Some((head[3], head[4], head[8], payload))
    }
}

#[test]
fn a_later_head_that_does_not_come_is_not_waited_for() {
    let server = Running::with(&["--write-timeout", "300ms"]);
    let mut client = Frames::open(&server);
    client.send(HEADERS, END_STREAM | END_HEADERS, 1, &HEAD);
    let (began, mut pings, mut answers) = (Instant::now(), 0, 0);
    // Whoever answers may stay, also without a request.
    while began.elapsed() < Duration::from_millis(1_500) {
        match client.next().expect("it is kept open") {
            (PING, 0, _, payload) => {
                pings += 1;
                client.send(PING, ACK, 0, &payload);
            }
            (HEADERS, _, 1, _) => answers += 1,
            _ => {}
        }
    }
    assert!(pings >= 2 && answers == 1, "{pings} {answers}");
    // Within a head nothing else may be sent (section 6.2), an answer to a ping neither.
    client.send(HEADERS, END_STREAM, 3, &HEAD);
    let began = Instant::now();
    while let Some((kind, _, stream, _)) = client.next() {
        assert!(kind != HEADERS || stream != 3);
    }
    assert!(began.elapsed() < Duration::from_secs(5));
}
