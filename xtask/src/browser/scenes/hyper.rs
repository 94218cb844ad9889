//! The scenes through hyper.

use std::error::Error;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use sse_hyper::{Sse, last_event_id, no_content};
use tokio::net::TcpListener;

use crate::PAGE;
use crate::stage::Stage;

type Body = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

pub(crate) async fn serve(listener: TcpListener, stage: Stage) {
    while let Ok((socket, _)) = listener.accept().await {
        let stage = stage.clone();
        let service = service_fn(move |request| answer(request, stage.clone()));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
        tokio::spawn(async { connection.await.unwrap_or(()) });
    }
}

async fn answer(request: Request<Incoming>, stage: Stage) -> Result<Response<Body>, hyper::Error> {
    let last = last_event_id(&request);
    let (head, body) = request.into_parts();
    Ok(match (&head.method, head.uri.path()) {
        (&Method::GET, "/") => {
            let html = Response::builder().header("content-type", "text/html");
            html.body(boxed(Full::from(PAGE))).unwrap_or_default()
        }
        (&Method::GET, scene) => match stage.play(&scene[1..], last.0.as_ref()) {
            Some(events) => Sse::new(events).into_response().map(boxed),
            None => no_content().map(boxed::<Full<Bytes>>),
        },
        (_, "/echo") => {
            let body = body.collect().await?.to_bytes();
            let events = stage.echo(&String::from_utf8_lossy(&body));
            Sse::new(events).into_response().map(boxed)
        }
        _ => {
            stage.open_gate();
            let mut response = Response::new(boxed(Full::default()));
            *response.status_mut() = StatusCode::ACCEPTED;
            response
        }
    })
}

fn boxed<B>(body: B) -> Body
where
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    body.map_err(Into::into).boxed_unsync()
}
