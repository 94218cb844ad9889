//! The job that is resumed.

use anyhow::{Result, ensure};

use crate::examples::response::Response;
use crate::examples::server::Server;

/// Starts a job and reads its progress from the start.
pub(super) fn open(server: &Server) -> Result<Response> {
    let mut started = Response::post(&format!("{}job", server.url), "")?;
    started.end()?;
    ensure!(
        started.head().starts_with("http/1.1 202"),
        "{}",
        started.head()
    );
    Response::get(&format!("{}events", server.url), &[])
}

pub(super) fn resumes() -> Result<()> {
    let server = Server::example("progress", &[])?;
    open(&server)?.wait_for("\n\n", 6)?;
    let url = format!("{}events", server.url);
    let mut by_header = Response::get(&url, &["last-event-id: 4"])?;
    first_is_5(&by_header.wait_for("data: ", 1)?)?;
    let mut by_query = Response::get(&format!("{url}?lastEventId=4"), &[])?;
    first_is_5(&by_query.wait_for("data: ", 1)?)?;
    let text = by_header.end()?;
    let ids: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .collect();
    let expected: Vec<_> = (5..=100).map(|id: u32| id.to_string()).collect();
    ensure!(ids == expected, "the ids are {ids:?}");
    let mut over = Response::get(&url, &["last-event-id: 100"])?;
    over.end()?;
    ensure!(over.head().starts_with("http/1.1 204"), "{}", over.head());
    Ok(())
}

fn first_is_5(text: &str) -> Result<()> {
    ensure!(
        text.trim_start_matches(":\n\n").starts_with("id: 5\n"),
        "it begins with {text:?}"
    );
    Ok(())
}
