//! The scenes through warp.

use bytes::Bytes;
use sse_warp::{LastEventId, Sse, last_event_id, no_content};
use tokio::net::TcpListener;
use warp::http::StatusCode;
use warp::reply::Response;
use warp::{Filter, Reply};

use crate::PAGE;
use crate::stage::Stage;

pub(crate) fn serve(listener: TcpListener, stage: Stage) -> impl Future<Output = ()> {
    let stage = warp::any().map(move || stage.clone());
    let page = warp::path::end().map(|| warp::reply::html(PAGE));
    let scene = warp::path!(String).and(last_event_id()).and(stage.clone());
    let scene = scene.map(|name: String, last, stage| play(&name, &last, &stage));
    let echoed = warp::path!("echo").and(warp::body::bytes());
    let echoed = echoed
        .and(stage.clone())
        .map(|body, stage| echo(&body, &stage));
    let opened = warp::path!("gate").and(stage).map(|stage| gate(&stage));
    let app = warp::get().and(page.or(scene));
    let app = app.or(warp::post().and(echoed.or(opened)));
    warp::serve(app).incoming(listener).run()
}

fn play(scene: &str, last: &LastEventId, stage: &Stage) -> Response {
    match stage.play(scene, last.0.as_ref()) {
        Some(events) => Sse::new(events).into_response(),
        None => no_content().into_response(),
    }
}

fn echo(body: &Bytes, stage: &Stage) -> impl Reply + use<> {
    Sse::new(stage.echo(&String::from_utf8_lossy(body)))
}

fn gate(stage: &Stage) -> StatusCode {
    stage.open_gate();
    StatusCode::ACCEPTED
}
