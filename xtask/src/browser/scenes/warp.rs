//! The scenes through warp.

use std::io;

use bytes::Bytes;
use sse_warp::{LastEventId, Sse, last_event_id, no_content};
use tokio::net::TcpListener;
use warp::http::StatusCode;
use warp::reply::Response;
use warp::{Filter, Reply};

use crate::PAGE;
use crate::stage::Stage;

pub(crate) fn serve(listener: TcpListener, stage: Stage) -> io::Result<()> {
    let stage = warp::any().map(move || stage.clone());
    let page = warp::path::end().map(|| warp::reply::html(PAGE));
    let scene = warp::path!(String).and(last_event_id()).and(stage.clone());
    let body = warp::body::bytes().and(stage.clone());
    let get = warp::get().and(page.or(scene.map(play)));
    let post = warp::path!("echo").and(body).map(echo);
    let post = post.or(warp::path!("gate").and(stage).map(gate));
    let app = get.or(warp::post().and(post));
    tokio::spawn(warp::serve(app).incoming(listener).run());
    Ok(())
}

fn play(scene: String, last: LastEventId, stage: Stage) -> Response {
    match stage.play(&scene, last.0.as_ref()) {
        Some(events) => Sse::new(events).into_response(),
        None => no_content().into_response(),
    }
}

fn echo(body: Bytes, stage: Stage) -> impl Reply {
    Sse::new(stage.echo(&String::from_utf8_lossy(&body)))
}

fn gate(stage: Stage) -> StatusCode {
    stage.open_gate();
    StatusCode::ACCEPTED
}
