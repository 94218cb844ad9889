//! Which request goes where.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    routing::{MethodRouter, get, post},
};
use http::StatusCode;

use crate::{
    answer::{Reply, empty},
    cors, health,
    publish::publish,
    remote::{Client, Peer},
    state::{App, Shared},
    static_files,
    subscribe::subscribe,
};

/// Returns the public side: publish, subscribe, health, files.
pub(crate) fn router(app: &Shared) -> Router {
    let settings = &app.settings;
    let mut router = health::routes().without_v07_checks();
    if settings.pub_path == settings.sub_path {
        router = router.route(&settings.pub_path, post(publishing).merge(subscribing()));
    } else {
        router = router
            .route(&settings.pub_path, post(publishing))
            .route(&settings.sub_path, subscribing());
    }
    let router = router.fallback(nowhere);
    let router = match &settings.files {
        Some(files) => static_files::serve(router, files),
        None => router,
    };
    router
        .layer(cors::layer(&settings.cors))
        .with_state(Arc::clone(app))
}

/// `HEAD` comes with `GET`.
fn subscribing() -> MethodRouter<Shared> {
    get(subscribed)
}

async fn publishing(State(app): State<Shared>, request: Request<Body>) -> Reply {
    let client = client(&app, &request);
    publish(app, client, request).await
}

async fn subscribed(State(app): State<Shared>, request: Request<Body>) -> Reply {
    let client = client(&app, &request);
    subscribe(app, client, request).await
}

async fn nowhere() -> Reply {
    empty(StatusCode::NOT_FOUND)
}

/// Finds out who asks; the accept loop puts the peer into each request.
fn client(app: &App, request: &Request<Body>) -> Client {
    let peer = request.extensions().get::<Peer>().cloned();
    let peer = peer.unwrap_or(Peer {
        address: app.settings.listen,
        standing: crate::remote::Standing::Within,
        cut: None,
    });
    Client::of(peer, request.headers(), &app.settings)
}
