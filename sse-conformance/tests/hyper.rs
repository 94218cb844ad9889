#![forbid(unsafe_code)]
//! The suite against `sse-hyper`.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is the report of a fixture that does not start"
)]

#[path = "fixture/counted.rs"]
mod counted;
mod fixture;

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::pin::pin;
use std::process::ExitCode;

use bytes::Bytes;
use http::{Extensions, HeaderMap, Method, Request, Response, StatusCode, Version};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use sse_conformance::http::{
    Opening, Profile, Route, Running, Scene, Shape, Stage, StepError, Stopping, Subject, Suite,
};
use sse_hyper::{
    EventId, EventStream, Shutdown, Sse, StreamItem, accepts_event_stream, last_event_id,
    no_content,
};
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::compression::CompressionLayer;

use crate::counted::Counted;
use crate::fixture::{FIRST, batches, configured, encoded, events};

fn main() -> ExitCode {
    let mut suite = Suite::new();
    suite.subject("hyper", Hyper);
    suite.run()
}

#[derive(Debug)]
struct Hyper;

#[derive(Clone)]
struct Application {
    shutdown: Shutdown,
    stage: Stage,
}

type Body = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

const ROUTES: [Route; 5] = [
    Route::Compressed,
    Route::Events,
    Route::Forced,
    Route::Negotiated,
    Route::NoContent,
];

impl Subject for Hyper {
    fn profile(&self) -> Profile {
        Profile::new(&ROUTES)
    }

    fn start(&self, stage: Stage) -> io::Result<Running> {
        Running::spawn(move |listener, stopping| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let application = Application { shutdown: Shutdown::new(), stage };
                tokio::select! {
                    () = serve(TcpListener::from_std(listener).unwrap(), application, &stopping) => {}
                    () = stopping.torn_down() => {}
                }
            });
        })
    }
}

async fn serve(listener: TcpListener, application: Application, stopping: &Stopping) {
    let graceful = GracefulShutdown::new();
    let mut asked = pin!(stopping.asked());
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted.unwrap().0,
            () = &mut asked => break,
        };
        let routed = application.clone();
        let service = service_fn(move |request| {
            let application = routed.clone();
            async move { Ok::<_, Infallible>(application.answer(request).await) }
        });
        let builder = Builder::new(TokioExecutor::new());
        let service = TowerToHyperService::new(service);
        let connection = builder
            .serve_connection(TokioIo::new(stream), service)
            .into_owned();
        let connection = graceful.watch(connection);
        // How a connection ended shows in its scenes.
        tokio::spawn(async move { drop(connection.await) });
    }
    drop(listener);
    application.shutdown.trigger();
    graceful.shutdown().await;
}

impl Application {
    async fn answer(self, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path();
        let route = ROUTES
            .into_iter()
            .find(|route| path.starts_with(route.path()));
        let force = |_: StatusCode, _: Version, _: &HeaderMap, _: &Extensions| true;
        let play = service_fn(move |request| {
            let application = self.clone();
            async move { Ok::<_, Infallible>(application.play(request).await) }
        });
        match route {
            Some(Route::NoContent) => no_content(),
            Some(Route::Negotiated) if !accepts_event_stream(request.headers()) => {
                status(StatusCode::NOT_ACCEPTABLE)
            }
            Some(Route::Compressed) => {
                let layer = CompressionLayer::new();
                let Ok(response) = layer.layer(play).oneshot(request).await;
                response.map(|body| body.map_err(Into::into).boxed_unsync())
            }
            Some(Route::Forced) => {
                let layer = CompressionLayer::new().compress_when(force);
                let Ok(response) = layer.layer(play).oneshot(request).await;
                response.map(|body| body.map_err(Into::into).boxed_unsync())
            }
            _ => {
                let Ok(response) = play.oneshot(request).await;
                response
            }
        }
    }

    async fn play(self, request: Request<Incoming>) -> Response<Body> {
        let number = request
            .uri()
            .path()
            .rsplit('/')
            .next()
            .and_then(|number| number.parse().ok());
        let Some(scene) = number.and_then(|number| self.stage.find(number)) else {
            return status(StatusCode::NOT_FOUND);
        };
        let last = last_event_id(&request);
        scene.requested(last.0.as_ref().map(EventId::as_str));
        let (method, shutdown) = (request.method(), &self.shutdown);
        let response = match scene.script().shape {
            Shape::Batch => respond(&scene, shutdown, method, batches).await,
            Shape::Encoded => respond(&scene, shutdown, method, encoded).await,
            Shape::Event => respond(&scene, shutdown, method, events).await,
        };
        response.map(|body| Counted::new(body, &scene).boxed_unsync())
    }
}

async fn respond<S>(
    scene: &Scene,
    shutdown: &Shutdown,
    method: &Method,
    stream: impl Fn(&Scene) -> S + Send + 'static,
) -> Response<Body>
where
    S: Stream<Item: StreamItem<Error = StepError>> + Send + 'static,
{
    match scene.script().opening {
        Opening::Eager => {
            let sse = configured!(Sse::new(stream(scene)), scene, shutdown);
            boxed(sse.for_method(method).into_response())
        }
        Opening::Lazy => {
            let lazy = scene.clone();
            let sse = configured!(Sse::lazy(move || stream(&lazy)), scene, shutdown);
            boxed(sse.for_method(method).into_response())
        }
        Opening::AwaitFirst => {
            let sse = configured!(Sse::new(stream(scene)), scene, shutdown);
            match sse.await_first(FIRST).await {
                Ok(sse) => boxed(sse.for_method(method).into_response()),
                Err(_) => status(StatusCode::SERVICE_UNAVAILABLE),
            }
        }
    }
}

fn boxed<S>(response: Response<EventStream<S>>) -> Response<Body>
where
    S: Stream<Item: StreamItem<Error = StepError>> + Send + 'static,
{
    response.map(|body| body.map_err(Into::into).boxed_unsync())
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::default());
    *response.status_mut() = status;
    response
}
