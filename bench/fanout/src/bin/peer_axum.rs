#![forbid(unsafe_code)]
//! What a reader of axum's docs writes: `Sse` over a `tokio::sync::broadcast` channel.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use axum::{
    Json, Router,
    extract::{RawQuery, State},
    http::StatusCode,
    response::sse::{Event, Sse},
    routing::{get, post},
};
use fanout::{
    allocations,
    arguments::{Arguments, topic_of},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::broadcast};
use tokio_stream::{Stream, StreamExt as _, wrappers::BroadcastStream};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::of_process(&[])?;
    let listener = TcpListener::bind(arguments.listen).await?;
    println!("http://{}", listener.local_addr()?);
    let topics = Topics {
        retain: arguments.retain,
        all: Arc::default(),
    };
    let router = Router::new()
        .route("/events", get(events))
        .route("/publish", post(publish))
        .route("/allocations", get(count))
        .with_state(topics);
    axum::serve(listener, router).await?;
    Ok(())
}

#[derive(Clone)]
struct Topics {
    retain: usize,
    all: Arc<Mutex<HashMap<String, Topic>>>,
}

struct Topic {
    sender: broadcast::Sender<(u64, Arc<str>)>,
    published: u64,
}

impl Topics {
    fn with<T>(&self, query: Option<&str>, run: impl FnOnce(&mut Topic) -> T) -> T {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let topic = all.entry(topic_of(query).to_owned());
        run(topic.or_insert_with(|| Topic {
            sender: broadcast::Sender::new(self.retain),
            published: 0,
        }))
    }
}

async fn events(
    State(topics): State<Topics>,
    RawQuery(query): RawQuery,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let receiver = topics.with(query.as_deref(), |topic| topic.sender.subscribe());
    // Those who fell behind go on with a gap, as in every example of this kind.
    let events = BroadcastStream::new(receiver)
        .filter_map(Result::ok)
        .map(|(id, data)| Ok(Event::default().id(id.to_string()).data(&*data)));
    Sse::new(events)
}

async fn publish(
    State(topics): State<Topics>,
    RawQuery(query): RawQuery,
    body: String,
) -> (StatusCode, Json<Value>) {
    let (id, subscribers) = topics.with(query.as_deref(), |topic| {
        topic.published += 1;
        let event = (topic.published, body.into());
        (topic.published, topic.sender.send(event).unwrap_or(0))
    });
    let answer = json!({ "id": id.to_string(), "subscribers": subscribers });
    (StatusCode::ACCEPTED, Json(answer))
}

async fn count() -> Result<String, StatusCode> {
    allocations::count().ok_or(StatusCode::NOT_FOUND)
}
