//! The servers for measuring: what they answer, not how fast.

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;

use super::{hello, test};
use crate::examples::response::Response;
use crate::examples::server::Server;
use crate::report::Report;

pub(super) const NAMES: [&str; 4] = ["fanout_axum", "fanout_actix", "fanout_warp", "fanout_hyper"];

pub(super) fn run(report: &mut Report) {
    let stock = [(NAMES[0], "--stock"), (NAMES[2], "--stock")];
    for (name, option) in NAMES.map(|name| (name, "")).into_iter().chain(stock) {
        let about = |text: &str| format!("{option} {text}");
        test(report, name, &about("delivers what is published"), || {
            delivers(&start(name, option)?)
        });
        test(
            report,
            name,
            &about("resumes after the last event ID"),
            || resumes(&start(name, option)?),
        );
        test(
            report,
            name,
            &about("refuses with status and reason"),
            || refuses(&start(name, option)?),
        );
        test(report, name, &about("ends its streams and itself"), || {
            ends(start(name, option)?)
        });
    }
}

fn start(name: &str, option: &str) -> Result<Server> {
    let all = ["--listen", "127.0.0.1:0", "--retain", "3", option];
    let some: Vec<_> = all.into_iter().filter(|it| !it.is_empty()).collect();
    // The port is the one behind `--listen`, whatever the environment says.
    Server::example_on("1", name, &some)
}

/// Publishes and returns the id and the number of subscribers.
fn publish(server: &Server, query: &str, data: &str) -> Result<(String, u64)> {
    let mut response = Response::post_text(&format!("{}publish{query}", server.url), data)?;
    let text = response.end()?;
    let head = response.head();
    ensure!(head.starts_with("http/1.1 202"), "{head}\n{text}");
    let answer: Value = serde_json::from_str(&text)?;
    let id = answer["id"].as_str().context("an id")?;
    let subscribers = answer["subscribers"].as_u64().context("a number")?;
    Ok((id.to_owned(), subscribers))
}

fn events(server: &Server, query: &str, headers: &[&str]) -> Result<Response> {
    let mut response = Response::get(&format!("{}events{query}", server.url), headers)?;
    response.wait_for("\n\n", 1)?;
    Ok(response)
}

fn delivers(server: &Server) -> Result<()> {
    let mut default = events(server, "", &[])?;
    let mut rooms = events(server, "?topic=room%2F*", &[])?;
    let (first, subscribers) = publish(server, "", "to all")?;
    ensure!(subscribers == 1, "{subscribers} subscribers");
    let (second, _) = publish(server, "?topic=room%2F1", "two\nlines")?;
    let text = default.wait_for("data: ", 1)?;
    ensure!(
        text.ends_with(&format!("id: {first}\ndata: to all\n\n")),
        "{text}"
    );
    let text = rooms.wait_for("lines\n\n", 1)?;
    let expected = format!("id: {second}\ndata: two\ndata: lines\n\n");
    ensure!(text.ends_with(&expected), "{text}");
    let mut memory = Response::get(&format!("{}memory", server.url), &[])?;
    let memory: Value = serde_json::from_str(&memory.end()?)?;
    let bytes = ["retained", "pinned", "index"].map(|part| memory[part].as_u64());
    ensure!(
        bytes[0] > Some(0) && bytes.iter().all(Option::is_some),
        "{memory}"
    );
    ensure!(
        default.head().contains("sse-resume: fresh"),
        "{}",
        default.head()
    );
    Ok(())
}

fn resumes(server: &Server) -> Result<()> {
    let ids: Vec<_> = (0..5)
        .map(|n| Ok(publish(server, "", &n.to_string())?.0))
        .collect::<Result<_>>()?;
    let last = |id: &str| format!("last-event-id: {id}");
    let mut complete = events(server, "", &[&last(&ids[2])])?;
    let text = complete.wait_for("data: ", 2)?;
    ensure!(hello::ids(&text) == ids[2..], "{text}");
    ensure!(
        complete.head().contains("sse-resume: complete"),
        "{}",
        complete.head()
    );
    // Three events are kept, so one behind the first is missing.
    let mut gap = events(server, "", &[&last(&ids[0])])?;
    let text = gap.wait_for("data: ", 4)?;
    ensure!(text.contains("event: hub.gap\n"), "{text}");
    let head = gap.head();
    let said = head.contains("sse-resume: gap") && head.contains("sse-resume-reason: expired");
    ensure!(said, "{head}");
    Ok(())
}

fn refuses(server: &Server) -> Result<()> {
    let refused = |mut response: Response, status: &str, reason: &str| {
        let text = response.end()?;
        let head = response.head();
        ensure!(
            head.starts_with(&format!("http/1.1 {status}")),
            "{head}\n{text}"
        );
        ensure!(text.contains(reason), "{text}");
        Ok(head)
    };
    let get = |path: &str| Response::get(&format!("{}{path}", server.url), &[]);
    refused(get("events?start=x")?, "400", "start")?;
    refused(get("events?topic=hub.x")?, "400", "hub.")?;
    let head = refused(get("events?lastEventId=x&on_gap=fail")?, "412", "unknown")?;
    ensure!(
        head.contains("content-type: application/problem+json"),
        "{head}"
    );
    refused(get("allocations")?, "404", "")?;
    let publish = format!("{}publish?topic=*", server.url);
    refused(Response::post_text(&publish, "x")?, "400", "segment")?;
    Ok(())
}

fn ends(mut server: Server) -> Result<()> {
    let mut streams = [events(&server, "", &[])?, events(&server, "", &[])?];
    server.signal(Signal::SIGTERM);
    for stream in &mut streams {
        let text = stream.end()?;
        ensure!(text.ends_with("data: {\"reason\":\"drain\"}\n\n"), "{text}");
    }
    server.ended()
}
