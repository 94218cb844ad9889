//! The clocks.

use anyhow::{Result, ensure};

use crate::examples::response::Response;
use crate::examples::server::Server;

pub(super) fn ticks(name: &str) -> Result<()> {
    let server = Server::example(name, &[])?;
    let mut response = Response::get(&format!("{}events", server.url), &[])?;
    let text = response.wait_for("\n\n", 4)?;
    let head = response.head();
    ensure!(head.contains("content-type: text/event-stream"), "{head}");
    // A comment opens the body if the first tick is not there at the first poll.
    let text = text.trim_start_matches(":\n\n");
    for block in text.split_inclusive("\n\n") {
        let lines: Vec<_> = block.lines().collect();
        let [id, "event: tick", time, ""] = lines[..] else {
            anyhow::bail!("a strange tick: {block:?}");
        };
        let id = id
            .strip_prefix("id: ")
            .and_then(|id| id.parse::<u64>().ok());
        let time = time.strip_prefix("data: ").unwrap_or_default();
        ensure!(
            id.is_some() && time.len() == 8 && time.is_ascii(),
            "a strange tick: {block:?}"
        );
    }
    Ok(())
}
