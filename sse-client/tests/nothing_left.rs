//! What is left of an event source that was dropped, on a socket: no task and no file descriptor.

#![cfg(all(target_os = "linux", any(feature = "reqwest", feature = "hyper")))]
#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    pin::Pin,
    task::{Context, Waker},
    thread,
    time::Duration,
};

use futures_core::Stream;
use http::Request;
use sse_client::{Backoff, EventSource, State, Transport};
use tokio::{
    runtime::Handle,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{sleep, timeout},
};

/// Answers by path and stays until the client leaves; tells which requests it has answered.
fn server() -> (SocketAddr, UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (answered, requests) = unbounded_channel();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let answered = answered.clone();
            thread::spawn(move || answer(socket.unwrap(), &answered));
        }
    });
    (address, requests)
}

fn answer(mut socket: TcpStream, answered: &UnboundedSender<String>) {
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        match socket.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&buffer[..read]),
        }
    }
    let request = String::from_utf8(request).unwrap();
    let path = request.split(' ').nth(1).unwrap().to_owned();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let text = match &*path {
        "/half" => format!("{head}data: 1\n\ndata: ha"),
        "/busy" => "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n".to_owned(),
        "/moved" => "HTTP/1.1 302 Go\r\nlocation: /silent\r\ncontent-length: 0\r\n\r\n".to_owned(),
        _ => String::new(),
    };
    let _ = socket.write_all(text.as_bytes());
    let _ = answered.send(path);
    while !matches!(socket.read(&mut buffer), Ok(0) | Err(_)) {}
}

/// Reads until the place in its life at which it is dropped.
async fn reach(events: &mut EventSource, path: &str, requests: &mut UnboundedReceiver<String>) {
    match path {
        "/half" => assert_eq!(events.next().await.unwrap().unwrap().data(), "1"),
        "/busy" => {
            let mut state = events.state();
            let waiting =
                async { while !matches!(state.changed().await, Some(State::Waiting { .. })) {} };
            tokio::select! {
                _ = events.next() => panic!("it waits for an hour"),
                () = waiting => {}
            }
        }
        _ => {
            let answered = async { while requests.recv().await.unwrap() != "/silent" {} };
            tokio::select! {
                _ = events.next() => panic!("there is no response"),
                () = answered => {}
            }
        }
    }
    let mut context = Context::from_waker(Waker::noop());
    assert!(Pin::new(events).poll_next(&mut context).is_pending());
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

async fn nothing_is_left<T: Transport>(transport: impl Fn() -> T) {
    let (address, mut requests) = server();
    let hour = Duration::from_secs(3600);
    let before = descriptors();
    for path in ["/half", "/silent", "/moved", "/busy"] {
        let request = Request::get(format!("http://{address}{path}")).body(());
        let mut events = EventSource::with_transport(transport(), request.unwrap())
            .backoff(Backoff::new().initial(hour));
        let reached = reach(&mut events, path, &mut requests);
        timeout(Duration::from_secs(10), reached).await.expect(path);
        drop(events);
        let gone = async {
            let tasks = || Handle::current().metrics().num_alive_tasks();
            while tasks() > 0 || descriptors() > before {
                sleep(Duration::from_millis(1)).await;
            }
        };
        let gone = timeout(Duration::from_secs(10), gone).await;
        let tasks = Handle::current().metrics().num_alive_tasks();
        assert!(
            gone.is_ok(),
            "{path}: {tasks} tasks, {} descriptors, {before} before",
            descriptors()
        );
    }
}

/// One test, so that no other one opens anything meanwhile.
#[tokio::test]
async fn dropping_it_on_a_socket_leaves_no_task_and_no_descriptor() {
    #[cfg(feature = "reqwest")]
    nothing_is_left(sse_client::ReqwestTransport::new).await;
    #[cfg(feature = "hyper")]
    nothing_is_left(sse_client::HyperTransport::new).await;
}
