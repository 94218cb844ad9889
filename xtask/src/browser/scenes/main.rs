#![forbid(unsafe_code)]
//! Serves the browser's scenes through every adapter, prints each one's name and URL, and does so until it is killed.
//!
//! A program of its own, since `cargo xtask` must build, and tell what is wrong, while an adapter does not.

mod actix;
mod axum;
mod hyper;
mod stage;
mod warp;

use std::future::pending;
use std::io;

use anyhow::Result;
use tokio::net::TcpListener;

use stage::Stage;

#[tokio::main]
async fn main() -> Result<()> {
    tokio::spawn(axum::serve(listen("sse-axum").await?, Stage::default()));
    tokio::spawn(actix::serve(listen("sse-actix").await?, Stage::default())?);
    tokio::spawn(warp::serve(listen("sse-warp").await?, Stage::default()));
    tokio::spawn(hyper::serve(listen("sse-hyper").await?, Stage::default()));
    pending().await
}

/// Every server has the page at `/`, a scene at its name, `POST /echo`, and `POST /gate`.
async fn listen(adapter: &str) -> io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{adapter} http://{}/", listener.local_addr()?);
    Ok(listener)
}

/// A page without anything; the icon keeps the browser from asking for one.
const PAGE: &str = "<!doctype html><link rel=icon href=data:,><title>scenes</title>";
