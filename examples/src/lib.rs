#![forbid(unsafe_code)]
//! What the server examples share besides event streams: their pages, where to listen and when to stop.

pub mod fanout;
pub mod serve;

use std::env;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};

/// The page of `chat`.
pub const CHAT_PAGE: &str = page!("chat");

/// The page of the clocks.
pub const CLOCK_PAGE: &str = page!("clock");

/// The page of `dashboard`.
pub const DASHBOARD_PAGE: &str = page!("dashboard");

/// The page of `llm_stream`.
pub const LLM_PAGE: &str = page!("llm");

/// The page of `progress`.
pub const PROGRESS_PAGE: &str = page!("progress");

/// The page of `relay`.
pub const RELAY_PAGE: &str = page!("relay");

/// Listens on 127.0.0.1 and prints the URL: on the port in `PORT`, 3000 by default, where 0 means a free one.
///
/// # Errors
///
/// `PORT` is no port, or it is taken.
pub async fn listen() -> Result<TcpListener> {
    let address = address()?;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}, set PORT to another port"))?;
    println!("http://{}/", listener.local_addr()?);
    Ok(listener)
}

/// The address that `PORT` says.
fn address() -> Result<SocketAddr> {
    let port = env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let port: u16 = port
        .parse()
        .with_context(|| format!("PORT={port} is not a port"))?;
    Ok(([127, 0, 0, 1], port).into())
}

/// Listens for Ctrl-C and SIGTERM from now on; the future completes when one of them has come.
///
/// # Errors
///
/// The system does not let the process listen for signals.
#[cfg(unix)]
pub fn stopped() -> Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens for Ctrl-C; the future completes when it has come.
///
/// # Errors
///
/// None on this system.
#[cfg(not(unix))]
pub fn stopped() -> Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async { tokio::signal::ctrl_c().await.unwrap_or(()) })
}

/// Tells the time: as seconds since 1970, and in UTC as a clock shows it.
pub fn now() -> (u64, String) {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since_1970.map_or(0, |time| time.as_secs());
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    (seconds, format!("{hour:02}:{minute:02}:{second:02}"))
}

/// Every page is one document: a head that all share, and a body of its own.
macro_rules! page {
    ($name:literal) => {
        concat!(
            include_str!("../pages/head.html"),
            include_str!(concat!("../pages/", $name, ".html"))
        )
    };
}
use page;

/// Compiles what the repository's README shows.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
