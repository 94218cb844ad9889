//! The scenes through actix-web.

use std::io;

use actix_web::dev::Server;
use actix_web::web::{Data, Html, Path};
use actix_web::{App, Either, HttpResponse, HttpServer, Responder, web};
use sse_actix::{LastEventId, Sse, no_content};
use tokio::net::TcpListener;

use crate::PAGE;
use crate::stage::Stage;

pub(crate) fn serve(listener: TcpListener, stage: Stage) -> io::Result<Server> {
    let stage = Data::new(stage);
    let app = move || {
        App::new()
            .app_data(stage.clone())
            .route("/", web::get().to(async || Html::new(PAGE)))
            .route("/gate", web::post().to(gate))
            .route("/echo", web::post().to(echo))
            .route("/{scene}", web::get().to(play))
    };
    let server = HttpServer::new(app).workers(1).disable_signals();
    Ok(server.listen(listener.into_std()?)?.run())
}

async fn play(stage: Data<Stage>, scene: Path<String>, last: LastEventId) -> impl Responder {
    match stage.play(&scene, last.0.as_ref()) {
        Some(events) => Either::Left(Sse::new(events)),
        None => Either::Right(no_content()),
    }
}

async fn echo(stage: Data<Stage>, body: String) -> impl Responder {
    Sse::new(stage.echo(&body))
}

async fn gate(stage: Data<Stage>) -> HttpResponse {
    stage.open_gate();
    HttpResponse::Accepted().finish()
}
