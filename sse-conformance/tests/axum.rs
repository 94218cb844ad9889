#![forbid(unsafe_code)]
//! The suite against `sse-axum`.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is the report of a fixture that does not start"
)]

#[path = "fixture/counted.rs"]
mod counted;
mod fixture;

use std::io;
use std::process::ExitCode;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sse_axum::{AcceptsEventStream, EventId, LastEventId, Shutdown, Sse, StreamItem, no_content};
use sse_conformance::http::{
    Opening, Profile, Route, Running, Scene, Shape, Stage, StepError, Subject, Suite,
};
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tower_http::compression::CompressionLayer;

use crate::counted::Counted;
use crate::fixture::{FIRST, batches, configured, encoded, events};

fn main() -> ExitCode {
    let mut suite = Suite::new();
    suite.subject("axum", Axum);
    suite.run()
}

#[derive(Debug)]
struct Axum;

#[derive(Clone)]
struct Application {
    shutdown: Shutdown,
    stage: Stage,
}

impl Subject for Axum {
    fn profile(&self) -> Profile {
        Profile::new(&[
            Route::Compressed,
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
                let router = router(Application {
                    shutdown: shutdown.clone(),
                    stage,
                });
                let torn_down = stopping.clone();
                let server = axum::serve(TcpListener::from_std(listener).unwrap(), router);
                let server = server.with_graceful_shutdown(async move {
                    stopping.asked().await;
                    shutdown.trigger();
                });
                tokio::select! {
                    result = server => result.unwrap(),
                    () = torn_down.torn_down() => {}
                }
            });
        })
    }
}

fn router(application: Application) -> Router {
    let force = |_: StatusCode, _: Version, _: &HeaderMap, _: &Extensions| true;
    let compressed = Router::new()
        .route("/compressed/{number}", get(play))
        .layer(CompressionLayer::new());
    let forced = Router::new()
        .route("/forced/{number}", get(play))
        .layer(CompressionLayer::new().compress_when(force));
    Router::new()
        .route("/events/{number}", get(play))
        .route("/negotiated/{number}", get(negotiate))
        .route("/no-content", get(|| async { no_content() }))
        .merge(compressed)
        .merge(forced)
        .with_state(application)
}

async fn negotiate(
    _: AcceptsEventStream,
    state: State<Application>,
    number: Path<usize>,
    last: LastEventId,
) -> Response {
    play(state, number, last).await
}

async fn play(
    State(Application { shutdown, stage }): State<Application>,
    Path(number): Path<usize>,
    last: LastEventId,
) -> Response {
    let Some(scene) = stage.find(number) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    scene.requested(last.0.as_ref().map(EventId::as_str));
    let response = match scene.script().shape {
        Shape::Batch => respond(&scene, &shutdown, batches).await,
        Shape::Encoded => respond(&scene, &shutdown, encoded).await,
        Shape::Event => respond(&scene, &shutdown, events).await,
    };
    response.map(|body| Body::new(Counted::new(body, &scene)))
}

async fn respond<S>(
    scene: &Scene,
    shutdown: &Shutdown,
    stream: impl Fn(&Scene) -> S + Send + 'static,
) -> Response
where
    S: Stream<Item: StreamItem<Error = StepError>> + Send + 'static,
{
    match scene.script().opening {
        Opening::Eager => configured!(Sse::new(stream(scene)), scene, shutdown).into_response(),
        Opening::Lazy => {
            let lazy = scene.clone();
            configured!(Sse::lazy(move || stream(&lazy)), scene, shutdown).into_response()
        }
        Opening::AwaitFirst => {
            let sse = configured!(Sse::new(stream(scene)), scene, shutdown);
            match sse.await_first(FIRST).await {
                Ok(sse) => sse.into_response(),
                Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            }
        }
    }
}
