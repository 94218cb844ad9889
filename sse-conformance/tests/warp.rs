#![forbid(unsafe_code)]
//! The suite against `sse-warp`.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is the report of a fixture that does not start"
)]

#[path = "fixture/counted.rs"]
mod counted;
mod fixture;

use std::io;
use std::process::ExitCode;

use http_body_util::BodyDataStream;
use sse_conformance::http::{
    Opening, Profile, Route, Running, Scene, Shape, Stage, StepError, Subject, Suite,
};
use sse_warp::{
    EventId, LastEventId, NotAcceptable, Shutdown, Sse, StreamItem, accepts_event_stream,
    last_event_id, no_content,
};
use tokio::net::TcpListener;
use tokio_stream::Stream;
use warp::http::{Method, StatusCode};
use warp::reply::Response;
use warp::{Filter, Rejection, Reply};

use crate::counted::Counted;
use crate::fixture::{FIRST, batches, configured, encoded, events};

fn main() -> ExitCode {
    let mut suite = Suite::new();
    suite.subject("warp", Warp);
    suite.run()
}

#[derive(Debug)]
struct Warp;

#[derive(Clone)]
struct Application {
    shutdown: Shutdown,
    stage: Stage,
}

impl Subject for Warp {
    fn profile(&self) -> Profile {
        // Its compression does not negotiate: there is only the forced kind.
        Profile::new(&[
            Route::Events,
            Route::Forced,
            Route::Negotiated,
            Route::NoContent,
        ])
    }

    fn start(&self, stage: Stage) -> io::Result<Running> {
        Running::spawn(move |listener, stopping| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let shutdown = Shutdown::new();
                let routes = routes(Application {
                    shutdown: shutdown.clone(),
                    stage,
                });
                let torn_down = stopping.clone();
                let server = warp::serve(routes).incoming(TcpListener::from_std(listener).unwrap());
                let server = server.graceful(async move {
                    stopping.asked().await;
                    shutdown.trigger();
                });
                tokio::select! {
                    () = server.run() => {}
                    () = torn_down.torn_down() => {}
                }
            });
        })
    }
}

fn routes(
    application: Application,
) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
    let application = warp::any().map(move || application.clone());
    let play = application.and(warp::method()).and(last_event_id());
    let plain = warp::path!("events" / usize)
        .and(play.clone())
        .then(play_scene);
    let forced = warp::path!("forced" / usize)
        .and(play.clone())
        .then(play_scene);
    let negotiated = warp::path!("negotiated" / usize)
        .and(accepts_event_stream())
        .and(play)
        .then(play_scene);
    let none = warp::path!("no-content").map(no_content);
    plain
        .or(forced.with(warp::compression::gzip()))
        .or(negotiated)
        .or(none)
        .recover(NotAcceptable::recover)
}

async fn play_scene(
    number: usize,
    application: Application,
    method: Method,
    last: LastEventId,
) -> Response {
    let Application { shutdown, stage } = application;
    let Some(scene) = stage.find(number) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    scene.requested(last.0.as_ref().map(EventId::as_str));
    let response = match scene.script().shape {
        Shape::Batch => respond(&scene, &shutdown, &method, batches).await,
        Shape::Encoded => respond(&scene, &shutdown, &method, encoded).await,
        Shape::Event => respond(&scene, &shutdown, &method, events).await,
    };
    let (head, body) = response.into_parts();
    let frames = BodyDataStream::new(Counted::new(body, &scene));
    let (_, body) = warp::reply::stream(frames).into_response().into_parts();
    Response::from_parts(head, body)
}

async fn respond<S>(
    scene: &Scene,
    shutdown: &Shutdown,
    method: &Method,
    stream: impl Fn(&Scene) -> S + Send + 'static,
) -> Response
where
    S: Stream<Item: StreamItem<Error = StepError>> + Send + 'static,
{
    match scene.script().opening {
        Opening::Eager => {
            let sse = configured!(Sse::new(stream(scene)), scene, shutdown);
            sse.for_method(method).into_response()
        }
        Opening::Lazy => {
            let lazy = scene.clone();
            let sse = configured!(Sse::lazy(move || stream(&lazy)), scene, shutdown);
            sse.for_method(method).into_response()
        }
        Opening::AwaitFirst => {
            let sse = configured!(Sse::new(stream(scene)), scene, shutdown);
            match sse.await_first(FIRST).await {
                Ok(sse) => sse.for_method(method).into_response(),
                Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            }
        }
    }
}
