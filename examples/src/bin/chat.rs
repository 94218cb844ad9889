#![forbid(unsafe_code)]
//! A chat: rooms are topics, everyone sees who comes and goes, and nothing that was said during a cut is missed.

use std::error::Error;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use serde::Deserialize;
use serde_json::json;
use sse_axum::{EventType, LastEventId, Sse};
use sse_hub::{Event, Hub, Member, PresenceChange, Start, Topic};
use tokio_stream::StreamExt;

const PRESENCE: EventType = EventType::from_static("presence");

/// Who sits in which room.
#[derive(Deserialize)]
struct Seat {
    room: String,
    name: String,
}

/// A room is a topic of its own. No name can be a pattern, by which one would listen to all rooms.
fn topic(room: &str) -> Result<Topic, (StatusCode, String)> {
    Topic::try_from(&*format!("room/{room}")).map_err(|error| refuse(&error))
}

async fn events(
    State(hub): State<Hub>,
    Query(seat): Query<Seat>,
    last: LastEventId,
) -> Result<impl IntoResponse, (StatusCode, String)> {
    let subscribe = hub.subscribe(topic(&seat.room)?).presence(seat.name, "");
    // Whoever comes back gets all that was missed; whoever is new, the last that was said.
    let subscription = subscribe.after(last).from(Start::Last(50)).await;
    Ok(Sse::new(subscription.map_err(|error| refuse(&error))?))
}

async fn say(
    State(hub): State<Hub>,
    Query(Seat { room, name }): Query<Seat>,
    text: String,
) -> Result<StatusCode, (StatusCode, String)> {
    let (at, _) = examples::now();
    let said = json!({ "name": name, "text": text, "at": at }).to_string();
    let published = hub.publish(topic(&room)?, Event::new(said)).await;
    published.map_err(|error| refuse(&error))?;
    Ok(StatusCode::ACCEPTED)
}

fn refuse(error: &dyn Error) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, error.to_string())
}

/// Tells each room who comes and goes, and who is there then.
async fn announce(hub: Hub) -> Result<()> {
    let mut changes = hub.presence_changes();
    while let Some(change) = changes.next().await {
        let (what, room, member) = match change {
            PresenceChange::Start { selector, member } => ("is here", selector, member),
            PresenceChange::End { selector, member } => ("has left", selector, member),
            // Changes that came too fast for this loop: the next list has them.
            _ => continue,
        };
        let room = Topic::try_from(room)?;
        let name = |member: Member| Some(member.presence?.name.to_string());
        let present: Vec<_> = hub.presence(&room).into_iter().filter_map(name).collect();
        let told = json!({ "name": name(member), "what": what, "present": present }).to_string();
        hub.publish(room, Event::new(told).event(PRESENCE)).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let stopped = examples::stopped()?;
    let hub = Hub::new();
    tokio::spawn(announce(hub.clone()));
    let app = Router::new()
        .route("/", get(async || Html(examples::CHAT_PAGE)))
        .route("/events", get(events))
        .route("/say", post(say))
        .with_state(hub.clone());

    let listener = examples::listen().await?;
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    let stopped = async move {
        stopped.await;
        hub.shutdown(Duration::ZERO).await;
    };
    let server = axum::serve(listener, app);
    Ok(server.with_graceful_shutdown(stopped).await?)
}
