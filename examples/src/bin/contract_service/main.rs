#![forbid(unsafe_code)]
//! Drives the client as it is told over HTTP, and reports what it sees: any harness can test the client with it, in any language.
//!
//! It listens on 127.0.0.1, on the port in its first argument or else 8000.

mod follow;
mod order;
mod parameters;
mod report;
mod service;

use std::env;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::response::Json;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use service::Service;

const CAPABILITIES: [&str; 11] = [
    "bom",
    "comments",
    "event-type-listeners",
    "headers",
    "last-event-id",
    "post",
    "read-timeout",
    "report",
    "restart",
    "retry",
    "server-directed-shutdown-request",
];

#[tokio::main]
async fn main() -> Result<()> {
    let stopped = examples::stopped()?;
    let port = env::args().nth(1).unwrap_or_else(|| "8000".to_owned());
    let port: u16 = port.parse().with_context(|| format!("{port} is no port"))?;
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .with_context(|| format!("cannot listen on port {port}"))?;
    println!("http://{}/", listener.local_addr()?);

    let service = Arc::new(Service::default());
    let at_root = get(status).post(service::create).delete(service::quit);
    let at_stream = post(service::command).delete(service::close);
    let app = Router::new()
        .route("/", at_root)
        .route("/streams/{number}", at_stream)
        .with_state(Arc::clone(&service));
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            tokio::select! {
                () = stopped => {}
                () = service.quit.notified() => {}
            }
        })
        .await?;
    Ok(())
}

async fn status() -> Json<Value> {
    Json(json!({ "capabilities": CAPABILITIES }))
}
