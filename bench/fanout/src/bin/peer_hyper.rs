#![forbid(unsafe_code)]
//! The least that hyper needs: encoded once, shared bytes, one queue for each connection.

use std::{
    collections::HashMap,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use anyhow::Result;
use bytes::Bytes;
use fanout::{
    allocations,
    arguments::{Arguments, topic_of},
};
use http_body_util::BodyExt as _;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body, Frame, Incoming, SizeHint},
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, sync::mpsc};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::of_process(&[])?;
    let listener = TcpListener::bind(arguments.listen).await?;
    println!("http://{}", listener.local_addr()?);
    let topics = Topics {
        retain: arguments.retain,
        all: Arc::default(),
    };
    loop {
        let (socket, _) = listener.accept().await?;
        _ = socket.set_nodelay(true);
        let topics = topics.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&topics, request));
            // An error here is a client that left.
            _ = http1::Builder::new()
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}

#[derive(Clone)]
struct Topics {
    retain: usize,
    all: Arc<Mutex<HashMap<String, Topic>>>,
}

#[derive(Default)]
struct Topic {
    published: u64,
    queues: Vec<mpsc::Sender<Bytes>>,
}

impl Topics {
    fn with<T>(&self, query: Option<&str>, run: impl FnOnce(&mut Topic) -> T) -> T {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        run(all.entry(topic_of(query).to_owned()).or_default())
    }
}

impl Topic {
    fn publish(&mut self, data: &[u8]) -> (u64, usize) {
        self.published += 1;
        let id = self.published;
        let mut event = format!("id: {id}\ndata: ").into_bytes();
        event.extend_from_slice(data);
        event.extend_from_slice(b"\n\n");
        let event = Bytes::from(event);
        // A queue that is full ends: its reader is too far behind.
        self.queues
            .retain(|queue| queue.try_send(event.clone()).is_ok());
        (id, self.queues.len())
    }
}

enum Answer {
    Events(mpsc::Receiver<Bytes>),
    Text(Option<Bytes>),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = match self.get_mut() {
            Self::Events(queue) => ready!(queue.poll_recv(cx)),
            Self::Text(text) => text.take(),
        };
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Events(_) => SizeHint::default(),
            Self::Text(text) => SizeHint::with_exact(text.as_ref().map_or(0, Bytes::len) as u64),
        }
    }
}

async fn answer(topics: &Topics, request: Request<Incoming>) -> hyper::Result<Response<Answer>> {
    let (head, body) = request.into_parts();
    let query = head.uri.query();
    Ok(match (&head.method, head.uri.path()) {
        (&Method::GET, "/events") => {
            let (sender, receiver) = mpsc::channel(topics.retain);
            topics.with(query, |topic| topic.queues.push(sender));
            let mut response = Response::new(Answer::Events(receiver));
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            response
        }
        (&Method::POST, "/publish") => {
            let data = body.collect().await?.to_bytes();
            let (id, subscribers) = topics.with(query, |topic| topic.publish(&data));
            let answer = format!("{{\"id\":\"{id}\",\"subscribers\":{subscribers}}}");
            text(StatusCode::ACCEPTED, answer)
        }
        (&Method::GET, "/allocations") => match allocations::count() {
            Some(count) => text(StatusCode::OK, count),
            None => text(StatusCode::NOT_FOUND, String::new()),
        },
        _ => text(StatusCode::NOT_FOUND, String::new()),
    })
}

fn text(status: StatusCode, text: String) -> Response<Answer> {
    let mut response = Response::new(Answer::Text(Some(text.into())));
    *response.status_mut() = status;
    response
}
