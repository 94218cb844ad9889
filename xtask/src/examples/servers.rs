//! The examples that serve or read over the network.

mod chat;
mod clock;
mod dashboard;
mod fanout;
mod hello;
mod llm;
mod progress;
mod relay;

use anyhow::{Result, ensure};
use nix::sys::signal::Signal;

use super::response::Response;
use super::server::Server;
use crate::report::Report;

/// The examples that serve a page.
pub(crate) const PAGES: [&str; 9] = [
    "axum_clock",
    "actix_clock",
    "warp_clock",
    "hyper_clock",
    "chat",
    "dashboard",
    "llm_stream",
    "progress",
    "relay",
];

/// What the relay reads.
pub(crate) const UPSTREAM: &str = PAGES[0];

pub(super) fn run(report: &mut Report) {
    for name in &PAGES[..4] {
        test(report, name, "ticks at once and every second", || {
            clock::ticks(name)
        });
    }
    test(
        report,
        "llm_stream",
        "streams an answer to its end",
        llm::answers,
    );
    test(report, "llm_stream", "refuses with a status", llm::refuses);
    test(
        report,
        "llm_consumer",
        "prints the answer",
        llm::is_consumed,
    );
    test(
        report,
        "progress",
        "resumes after the last event ID",
        progress::resumes,
    );
    test(report, "relay", "passes every field on", relay::passes_on);
    test(report, "chat", "resumes after a cut", chat::resumes);
    test(report, "chat", "shows who is present", chat::shows_presence);
    test(
        report,
        "dashboard",
        "sends the last value of each key",
        dashboard::conflates,
    );
    for name in hello::NAMES {
        test(report, name, "delivers and resumes", || hello::greets(name));
    }
    fanout::run(report);
    for name in PAGES {
        test(
            report,
            name,
            "serves a page that needs nothing else",
            || page(name),
        );
        test(report, name, "says that its port is taken", || taken(name));
        for signal in [Signal::SIGTERM, Signal::SIGINT] {
            let about = format!("ends its streams and itself at {signal}");
            test(report, name, &about, || ends(name, signal));
        }
    }
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let hubs = hello::NAMES.into_iter().chain(fanout::NAMES);
    PAGES.into_iter().chain(["llm_consumer"]).chain(hubs)
}

/// Tells whether an example serves until a signal ends it.
pub(super) fn serves(name: &str) -> bool {
    name != "llm_consumer" && names().any(|known| known == name)
}

/// Tells whether it answers a signal by ending well.
pub(super) fn ends_well(name: &str) -> bool {
    !hello::NAMES.contains(&name)
}

fn test(report: &mut Report, name: &str, about: &str, run: impl FnOnce() -> Result<()>) {
    match run() {
        Ok(()) => report.pass(),
        Err(error) => report.fail(format!("not so: {name} {about}: {error:#}")),
    }
}

fn page(name: &str) -> Result<()> {
    let server = Server::example(name, &[])?;
    let mut response = Response::get(&server.url, &[])?;
    let page = response.end()?;
    let head = response.head();
    ensure!(
        head.starts_with("http/1.1 200") && head.contains("content-type: text/html"),
        "{head}"
    );
    ensure!(
        page.contains("id=\"state\""),
        "it shows no connection state"
    );
    let external = [
        "<link rel=\"stylesheet",
        "<script src",
        "<img",
        "@import",
        "url(",
    ];
    let external = external.into_iter().find(|part| page.contains(part));
    ensure!(external.is_none(), "it asks for more: {external:?}");
    Ok(())
}

fn taken(name: &str) -> Result<()> {
    let server = Server::example(name, &[])?;
    let port = server.port();
    let Err(error) = Server::example_on(port, name, &[]) else {
        anyhow::bail!("it started twice on {port}");
    };
    let error = error.to_string();
    let clear = error.contains("cannot listen") && error.contains(port) && error.contains("in use");
    ensure!(clear, "it says {error}");
    Ok(())
}

/// Sends a signal while a stream is open.
fn ends(name: &str, signal: Signal) -> Result<()> {
    let upstream = Server::example(UPSTREAM, &[])?;
    let mut server = Server::example(name, &[&format!("{}events", upstream.url)])?;
    let mut stream = match name {
        "llm_stream" => llm::ask(&server)?,
        "progress" => progress::open(&server)?,
        "chat" => chat::enter(&server, "Ada", &[])?,
        _ => Response::get(&format!("{}events", server.url), &[])?,
    };
    stream.wait_for("data: ", 1)?;
    server.signal(signal);
    stream.end()?;
    server.ended()
}
