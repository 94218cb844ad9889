//! The least that publishes and subscribes.

use anyhow::{Context as _, Result, ensure};

use crate::examples::response::Response;
use crate::examples::server::Server;

pub(super) const NAMES: [&str; 4] = [
    "hello_hub_axum",
    "hello_hub_actix",
    "hello_hub_warp",
    "hello_hub_hyper",
];

pub(super) fn greets(name: &str) -> Result<()> {
    let server = Server::example(name, &[])?;
    let url = format!("{}events", server.url);
    let mut response = Response::get(&url, &[])?;
    let text = response.wait_for("data: hello\n\n", 2)?;
    let head = response.head();
    ensure!(head.contains("content-type: text/event-stream"), "{head}");
    ensure!(text.contains(": ok\n"), "no opening in {text}");
    let ids = ids(&text);
    drop(response);
    // The one before the last is the last that this client has.
    let last = ids.get(ids.len() - 2).context("an id")?;
    let mut again = Response::get(&url, &[&format!("last-event-id: {last}")])?;
    let text = again.wait_for("data: hello\n\n", 1)?;
    let expected = format!("id: {}\ndata: hello\n\n", ids[ids.len() - 1]);
    ensure!(text.contains(&expected), "after {last} came {text}");
    Ok(())
}

/// The ids in a text, in order.
pub(super) fn ids(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .collect()
}
