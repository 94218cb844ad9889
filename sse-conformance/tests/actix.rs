#![forbid(unsafe_code)]
//! The suite against `sse-actix`.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is the report of a fixture that does not start"
)]

mod fixture;

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::process::ExitCode;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServerHandle;
use actix_web::middleware::Compress;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Responder};
use sse_actix::{
    AcceptsEventStream, EventId, LastEventId, Shutdown, Sse, StreamItem, no_content, route,
};
use sse_conformance::http::{
    Leave, Notice, Opening, Profile, Protocol, Route, Running, Scene, Shape, Stage, StepError,
    Stopping, Subject, Suite,
};
use tokio_stream::Stream;

use crate::fixture::{FIRST, batches, configured, encoded, events};

fn main() -> ExitCode {
    let mut suite = Suite::new();
    suite.subject(
        "actix",
        Actix {
            half_closed: HalfClosed::Allowed,
        },
    );
    let strict = Actix {
        half_closed: HalfClosed::Refused,
    };
    suite.checks("actix_without_half_closed", strict, "a_stream_is_dropped");
    suite.run()
}

#[derive(Debug)]
struct Actix {
    half_closed: HalfClosed,
}

/// The server's setting `h1_allow_half_closed`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum HalfClosed {
    /// As it comes.
    Allowed,
    Refused,
}

struct Application {
    shutdown: Shutdown,
    stage: Stage,
}

impl Subject for Actix {
    fn profile(&self) -> Profile {
        let routes = &[
            Route::Compressed,
            Route::Events,
            Route::Forced,
            Route::Negotiated,
            Route::NoContent,
        ];
        let notice: fn(Protocol, Leave) -> Notice = match self.half_closed {
            HalfClosed::Allowed => |protocol, _| match protocol {
                Protocol::Http1 => Notice::WithinKeepAlives(2),
                Protocol::Http2 => Notice::WithinKeepAlives(1),
            },
            HalfClosed::Refused => |_, _| Notice::WithinKeepAlives(1),
        };
        Profile::new(routes)
            .content_encoding("identity")
            .notice(notice)
    }

    fn start(&self, stage: Stage) -> io::Result<Running> {
        let half_closed = self.half_closed == HalfClosed::Allowed;
        Running::spawn(move |listener, stopping| {
            actix_web::rt::System::new().block_on(async {
                let shutdown = Shutdown::new();
                let application = Data::new(Application {
                    shutdown: shutdown.clone(),
                    stage,
                });
                let server = HttpServer::new(move || app!(application.clone()))
                    .workers(1)
                    .disable_signals()
                    .h1_allow_half_closed(half_closed)
                    .listen_auto_h2c(listener)
                    .unwrap()
                    .run();
                let asked = stopping.clone();
                actix_web::rt::spawn(stop(server.handle(), shutdown, asked));
                // A graceful stop cannot be hastened, but dropping the server ends it.
                tokio::select! {
                    result = server => result.unwrap(),
                    () = stopping.torn_down() => {}
                }
            });
        })
    }
}

/// Stops as an application should: the streams first, then the server.
async fn stop(handle: ServerHandle, shutdown: Shutdown, stopping: Stopping) {
    stopping.asked().await;
    shutdown.trigger();
    shutdown.drained().await;
    handle.stop(true).await;
}

macro_rules! app {
    ($application:expr) => {
        App::new()
            .app_data($application)
            .service(web::resource("/events/{number}").route(route().to(play)))
            .service(web::resource("/negotiated/{number}").route(route().to(negotiate)))
            .service(
                web::resource("/compressed/{number}")
                    .wrap(Compress::default())
                    .route(route().to(play)),
            )
            .service(
                web::resource("/forced/{number}")
                    .wrap(Compress::default())
                    .route(route().to(play_compressed)),
            )
            .service(web::resource("/no-content").route(route().to(async || no_content())))
    };
}
use app;

async fn negotiate(
    _: AcceptsEventStream,
    request: HttpRequest,
    application: Data<Application>,
    number: web::Path<usize>,
    last: LastEventId,
) -> HttpResponse {
    play(request, application, number, last).await
}

async fn play(
    request: HttpRequest,
    application: Data<Application>,
    number: web::Path<usize>,
    last: LastEventId,
) -> HttpResponse {
    answer(&request, &application, *number, last, Compression::Refused).await
}

async fn play_compressed(
    request: HttpRequest,
    application: Data<Application>,
    number: web::Path<usize>,
    last: LastEventId,
) -> HttpResponse {
    answer(&request, &application, *number, last, Compression::Allowed).await
}

#[derive(Clone, Copy)]
enum Compression {
    Allowed,
    Refused,
}

async fn answer(
    request: &HttpRequest,
    application: &Application,
    number: usize,
    last: LastEventId,
    compression: Compression,
) -> HttpResponse {
    let Some(scene) = application.stage.find(number) else {
        return HttpResponse::NotFound().finish();
    };
    scene.requested(last.0.as_ref().map(EventId::as_str));
    let shutdown = &application.shutdown;
    match scene.script().shape {
        Shape::Batch => respond(request, &scene, shutdown, compression, batches).await,
        Shape::Encoded => respond(request, &scene, shutdown, compression, encoded).await,
        Shape::Event => respond(request, &scene, shutdown, compression, events).await,
    }
}

async fn respond<S>(
    request: &HttpRequest,
    scene: &Scene,
    shutdown: &Shutdown,
    compression: Compression,
    stream: impl Fn(&Scene) -> S + 'static,
) -> HttpResponse
where
    S: Stream<Item: StreamItem<Error = StepError>> + 'static,
{
    match scene.script().opening {
        Opening::Eager => {
            let sse = configured!(Sse::new(stream(scene)), scene, shutdown);
            counted(sse, request, scene, compression)
        }
        Opening::Lazy => {
            let lazy = scene.clone();
            let sse = configured!(Sse::lazy(move || stream(&lazy)), scene, shutdown);
            counted(sse, request, scene, compression)
        }
        Opening::AwaitFirst => {
            let sse = configured!(Sse::new(stream(scene)), scene, shutdown);
            match sse.await_first(FIRST).await {
                Ok(sse) => counted(sse, request, scene, compression),
                Err(_) => HttpResponse::ServiceUnavailable().finish(),
            }
        }
    }
}

fn counted<S>(
    sse: Sse<S>,
    request: &HttpRequest,
    scene: &Scene,
    compression: Compression,
) -> HttpResponse
where
    S: Stream<Item: StreamItem<Error = StepError>> + 'static,
{
    let sse = match compression {
        Compression::Allowed => sse.allow_compression(),
        Compression::Refused => sse,
    };
    let scene = scene.clone();
    let response = sse.respond_to(request);
    response.map_body(|_, body| {
        BoxBody::new(Counted {
            body: body.boxed(),
            scene,
        })
    })
}

/// A body that tells its scene of each frame.
struct Counted {
    body: BoxBody,
    scene: Scene,
}

impl MessageBody for Counted {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_next(cx);
        if let Poll::Ready(Some(Ok(_))) = frame {
            self.scene.frame();
        }
        frame
    }
}
