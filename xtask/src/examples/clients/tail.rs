//! `tail`: what it prints, what it sends, and how it ends.

use std::fs::{self, File};
use std::io::Read;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use nix::pty::openpty;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::Test;
use crate::examples::script::{Answer, Script};
use crate::examples::server::Server;
use crate::workspace;

pub(super) const TESTS: &[Test] = &[
    ("prints events over two connections until 204", prints),
    ("prints JSON", prints_json),
    ("sends headers and the last event ID", sends_headers),
    ("posts a file", posts),
    ("ends well at Ctrl-C", stops),
    ("names the status that ends it", names_the_status),
    ("names the media type that ends it", names_the_media_type),
    ("colours types on a terminal only", colours),
];

const STREAM: &str = "event: tick\nid: 7\ndata: one\ndata: two\n\ndata: plain\n\ndata: half";

fn tail(arguments: &[&str]) -> Result<Server> {
    Server::program("tail", arguments, &[])
}

fn prints() -> Result<()> {
    let script = Script::of([Answer::events(STREAM)])?;
    let mut tail = tail(&[&script.url])?;
    let lines = tail.rest();
    ensure!(
        lines == ["tick one", "     two", "message plain"],
        "{lines:?}"
    );
    let (status, errors) = tail.exit()?;
    ensure!(status.success(), "{status}: {errors}");
    for state in ["connecting to http", "open", "again in", "closed"] {
        ensure!(
            errors.contains(state),
            "{state:?} is not in what it tells: {errors}"
        );
    }
    ensure!(!errors.contains('\x1b'), "a file is no terminal: {errors}");
    script.asked()?;
    let id = script.asked()?.header("last-event-id").to_owned();
    ensure!(id == "7", "it resumes after {id:?}");
    Ok(())
}

fn prints_json() -> Result<()> {
    let script = Script::of([Answer::events(STREAM)])?;
    let lines = tail(&[&script.url, "--json"])?.rest();
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line))
        .collect::<Result<_, _>>()
        .with_context(|| format!("{lines:?}"))?;
    let expected = [
        json!({ "event": "tick", "data": "one\ntwo", "last_event_id": "7" }),
        json!({ "event": "message", "data": "plain", "last_event_id": "7" }),
    ];
    ensure!(lines == expected, "{lines:?}");
    Ok(())
}

fn sends_headers() -> Result<()> {
    let script = Script::of([])?;
    let options = "--header X-One:1 --header Authorization:me --last-event-id 12/a";
    let mut arguments: Vec<_> = options.split(' ').collect();
    arguments.push(&script.url);
    tail(&arguments)?.ended()?;
    let asked = script.asked()?;
    for (name, value) in [
        ("x-one", "1"),
        ("authorization", "me"),
        ("last-event-id", "12/a"),
        ("accept", "text/event-stream"),
    ] {
        ensure!(
            asked.method == "GET" && asked.header(name) == value,
            "{asked:?}"
        );
    }
    Ok(())
}

fn posts() -> Result<()> {
    let path = workspace::scratch("examples")?.join("question.json");
    fs::write(&path, r#"{"question":"Why?"}"#)?;
    let script = Script::of([Answer::events("data: because\n\n")])?;
    let file = path.to_str().context("a path of text")?;
    let mut tail = tail(&["--post", file, &script.url])?;
    let lines = tail.rest();
    ensure!(lines == ["message because"], "{lines:?}");
    // The end of an answer is no reason to ask again.
    tail.ended()?;
    let asked = script.asked()?;
    let is_right = asked.method == "POST"
        && asked.body == r#"{"question":"Why?"}"#
        && asked.header("content-type") == "application/json";
    ensure!(is_right, "{asked:?}");
    Ok(())
}

fn stops() -> Result<()> {
    let script = Script::of([Answer::open_events("data: one\n\n")])?;
    let mut tail = tail(&[&script.url])?;
    tail.line()?;
    tail.signal(Signal::SIGINT);
    tail.ended()
}

fn names_the_status() -> Result<()> {
    fails(
        Answer::status(404, "no feed of that name"),
        &["404", "no feed of that name"],
    )
}

fn names_the_media_type() -> Result<()> {
    fails(Answer::status(200, "hello"), &["text/plain"])
}

#[track_caller]
fn fails(answer: Answer, names: &[&str]) -> Result<()> {
    let script = Script::of([answer])?;
    let (status, errors) = tail(&[&script.url])?.exit()?;
    ensure!(!status.success(), "it is content");
    let missing = names.iter().find(|name| !errors.contains(**name));
    ensure!(missing.is_none(), "{missing:?} is not in {errors:?}");
    Ok(())
}

fn colours() -> Result<()> {
    let coloured = on_a_terminal("")?;
    ensure!(
        coloured.contains("\x1b[1;3") && coloured.contains("mtick\x1b[0m one"),
        "{coloured:?}"
    );
    let plain = on_a_terminal("1")?;
    ensure!(plain.contains("tick one"), "{plain:?}");
    ensure!(!plain.contains('\x1b'), "{plain:?}");
    Ok(())
}

/// What a terminal would show.
fn on_a_terminal(no_color: &str) -> Result<String> {
    let script = Script::of([Answer::events(STREAM)])?;
    let terminal = openpty(None, None)?;
    let mut child = {
        // The last copy of this side must be the child's: then the other side comes to an end.
        let slave = terminal.slave;
        let mut command = Command::new(Server::path("tail")?);
        command.arg(&script.url).env("NO_COLOR", no_color);
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command.stdout(Stdio::from(slave)).spawn()?
    };
    let mut shown = Vec::new();
    // The end of a terminal is an error.
    let _ = File::from(terminal.master).read_to_end(&mut shown);
    ensure!(child.wait()?.success(), "it ends badly");
    Ok(String::from_utf8(shown)?)
}
