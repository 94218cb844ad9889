//! The dashboard.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::examples::response::Response;
use crate::examples::server::Server;

/// Between two values of a key many were published, and no frame has a key twice.
pub(super) fn conflates() -> Result<()> {
    let server = Server::example("dashboard", &[])?;
    let mut response = Response::get(&format!("{}events", server.url), &[])?;
    let text = response.wait_for("data: ", 120)?;
    let values = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let totals = values
        .map(serde_json::from_str)
        .filter_map(Result::ok)
        .filter(|value: &Value| value["key"] == "lima")
        .map(|value| value["total"].as_u64().context("a total"))
        .collect::<Result<Vec<_>>>()?;
    let (first, last) = (
        totals.first().context("lima")?,
        totals.last().context("lima")?,
    );
    let times = totals.len() as u64;
    ensure!(totals.is_sorted(), "{totals:?}");
    // Were each delivered, there were six in between.
    ensure!(
        last - first > 24 * (times - 1),
        "{first} to {last} in {times} values"
    );
    Ok(())
}
