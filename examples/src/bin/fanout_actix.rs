#![forbid(unsafe_code)]
//! Publish by `POST /publish?topic=T`, subscribe by `GET /events?topic=T`, with actix-web: the server to measure.
//!
//! `--listen ADDR:PORT`, `--retain N` events for clients that come back. There is no `--stock`: this is actix' own accept loop,
//! and only the listener is prepared by `examples::serve::bind`.
//! One worker serves, so that what is measured is what one core does. Without `.workers(1)` each core has one.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{App, Either, HttpRequest, HttpResponse, HttpServer, Responder, web};
use anyhow::{Result, ensure};
use examples::fanout::{self, Memory, Options, Receipt, Target};
use examples::serve;
use sse_actix::{KeepAlive, LastEventId, Sse};
use sse_hub::{Event, Hub, Rejection, Session, SessionRequest};

async fn events(request: HttpRequest, hub: Data<Hub>, last: LastEventId) -> impl Responder {
    let header = |name: &str| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
    let asked = SessionRequest::new(last, Some(request.query_string()), &header);
    // Here a request may be refused, and its topics may depend on who asks.
    match hub.session(asked, Session::from_query).await {
        Ok(subscription) => {
            let resume = subscription.resume_headers();
            let stream = Sse::new(subscription).keep_alive(KeepAlive::off());
            let mut response = stream.customize();
            for header in resume {
                response = response.insert_header(header);
            }
            Either::Left(response)
        }
        Err(rejection) => Either::Right(refuse(rejection)),
    }
}

fn refuse(rejection: Rejection) -> HttpResponse {
    let status = StatusCode::from_u16(rejection.status).unwrap_or_default();
    let mut response = HttpResponse::build(status);
    for header in rejection.headers {
        response.insert_header(header);
    }
    response.body(rejection.body)
}

async fn publish(hub: Data<Hub>, target: Query<Target>, body: String) -> HttpResponse {
    match hub.publish(target.into_inner(), Event::new(body)).await {
        Ok(published) => HttpResponse::Accepted().json(Receipt::from(published)),
        Err(error) => refuse(error.into()),
    }
}

async fn allocations() -> HttpResponse {
    match fanout::allocations() {
        Some(count) => HttpResponse::Ok().body(count),
        None => HttpResponse::NotFound().finish(),
    }
}

async fn memory(hub: Data<Hub>) -> impl Responder {
    HttpResponse::Ok().json(Memory::of(&hub))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stopped = examples::stopped()?;
    fanout::log_warnings();
    let options = Options::of_process()?;
    ensure!(!options.stock, "this is actix' own accept loop already");
    let hub = options.hub()?;
    let state = Data::new(hub.clone());
    let app = move || {
        App::new()
            .app_data(state.clone())
            .route("/events", sse_actix::route().to(events))
            .route("/publish", web::post().to(publish))
            .route("/memory", web::get().to(memory))
            .route("/allocations", web::get().to(allocations))
    };

    let listener = serve::bind(options.listen)?.into_std()?;
    let server = HttpServer::new(app)
        .workers(1)
        // A client that left is noticed at once, not at the next keep-alive.
        .h1_allow_half_closed(false)
        // A client that does not read does not see the end of its stream either.
        .shutdown_timeout(3)
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    // Streams end one by one, and publishing goes on, before the server stops.
    tokio::spawn(async move {
        stopped.await;
        hub.shutdown(Duration::from_secs(1)).await;
        handle.stop(true).await;
    });
    server.await?;
    Ok(())
}
