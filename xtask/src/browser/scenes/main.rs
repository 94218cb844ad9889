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
    for (adapter, serve) in ADAPTERS {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        serve(listener, Stage::default())?;
        println!("{adapter} http://{address}/");
    }
    pending().await
}

/// Starts to serve: the page at `/`, a scene at its name, `POST /echo`, and `POST /gate`.
type Serve = fn(TcpListener, Stage) -> io::Result<()>;

const ADAPTERS: [(&str, Serve); 4] = [
    ("sse-axum", axum::serve),
    ("sse-actix", actix::serve),
    ("sse-warp", warp::serve),
    ("sse-hyper", hyper::serve),
];

/// A page without anything; the icon keeps the browser from asking for one.
const PAGE: &str = "<!doctype html><link rel=icon href=data:,><title>scenes</title>";
