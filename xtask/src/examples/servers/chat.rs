//! The chat.

use anyhow::{Context as _, Result, ensure};

use super::hello;
use crate::examples::response::Response;
use crate::examples::server::Server;

/// Someone enters the lobby.
pub(super) fn enter(server: &Server, name: &str, headers: &[&str]) -> Result<Response> {
    let url = format!("{}events?room=lobby&name={name}", server.url);
    Response::get(&url, headers)
}

fn say(server: &Server, room: &str, text: &str) -> Result<()> {
    let url = format!("{}say?room={room}&name=Bo", server.url);
    let mut said = Response::post_text(&url, text)?;
    said.end()?;
    ensure!(said.head().starts_with("http/1.1 202"), "{}", said.head());
    Ok(())
}

pub(super) fn resumes() -> Result<()> {
    let server = Server::example("chat", &[])?;
    let mut ada = enter(&server, "Ada", &[])?;
    ada.wait_for("is here", 1)?;
    say(&server, "lobby", "one")?;
    let text = ada.wait_for("\"text\":\"one\"", 1)?;
    let last = *hello::ids(&text).last().context("an id")?;
    drop(ada);
    say(&server, "other", "elsewhere")?;
    say(&server, "lobby", "two")?;
    let mut ada = enter(&server, "Ada", &[&format!("last-event-id: {last}")])?;
    let text = ada.wait_for("\"text\":\"two\"", 1)?;
    ensure!(
        !text.contains("one") && !text.contains("elsewhere"),
        "{text}"
    );
    let mut late = enter(&server, "Chi", &[])?;
    late.wait_for("\"text\":\"one\"", 1)?;

    let mut all = Response::get(&format!("{}events?room=*&name=x", server.url), &[])?;
    all.end()?;
    ensure!(all.head().starts_with("http/1.1 400"), "{}", all.head());
    Ok(())
}

pub(super) fn shows_presence() -> Result<()> {
    let server = Server::example("chat", &[])?;
    let mut ada = enter(&server, "Ada", &[])?;
    ada.wait_for("\"present\":[\"Ada\"]", 1)?;
    let bo = enter(&server, "Bo", &[])?;
    ada.wait_for("\"present\":[\"Ada\",\"Bo\"]", 1)?;
    drop(bo);
    let text = ada.wait_for("\"present\":[\"Ada\"]", 2)?;
    ensure!(text.contains("has left"), "{text}");
    Ok(())
}
