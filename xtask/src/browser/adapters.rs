//! What a browser makes of each adapter's responses.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::chromium::Chromium;
use crate::examples::Server;
use crate::report::Report;

/// Plays every scene to the browser through every adapter; each is a test.
pub(crate) async fn run(chromium: &Chromium) -> Result<Report> {
    let mut report = Report::new();
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--package", "xtask"]);
    cargo.args(["--features", "scenes", "--bin", "scenes"]);
    let servers = Server::spawn("scenes", &mut cargo)?;
    for _ in 0..ADAPTERS {
        let line = servers.line()?;
        let (adapter, url) = line.split_once(' ').context(line.clone())?;
        chromium.open(url).await?;
        for scene in scenes() {
            let seen = chromium.call(scene.script).await;
            match seen {
                Ok(seen) if seen == scene.expected => report.pass(),
                Ok(seen) => report.fail(format!(
                    "{adapter}: {}\n  expected {}\n  saw      {seen}",
                    scene.about, scene.expected
                )),
                Err(error) => report.fail(format!("{adapter}: {}: {error:#}", scene.about)),
            }
        }
    }
    Ok(report)
}

const ADAPTERS: usize = 4;

/// What the page does and what it must see.
struct Scene {
    about: &'static str,
    script: &'static str,
    expected: Value,
}

fn scenes() -> [Scene; 5] {
    [
        Scene {
            about: "typed events come in order with their last event ID",
            script: r#"
                const source = new EventSource("/typed"), seen = [];
                await new Promise((resolve) => {
                    const see = (event) => {
                        seen.push([event.type, event.data, event.lastEventId]);
                        if (event.data === "end") resolve();
                    };
                    for (const type of ["message", "greeting", "naïve"]) source.addEventListener(type, see);
                });
                source.close();
                return seen;
            "#,
            expected: json!([
                ["greeting", "hello", "1"],
                ["message", "two\nlines", "1"],
                ["naïve", "", "naïve ☃"],
                ["message", " a leading space", "naïve ☃"],
                ["message", "reset", ""],
                ["greeting", "end", ""],
            ]),
        },
        Scene {
            about: "the stream is open before its first event",
            script: r#"
                const source = new EventSource("/held"), seen = [];
                await new Promise((resolve) => {
                    source.onopen = () => { seen.push("open"); fetch("/gate", { method: "POST" }); };
                    source.onmessage = (event) => { seen.push(event.data); resolve(); };
                });
                source.close();
                return seen;
            "#,
            expected: json!(["open", "first"]),
        },
        Scene {
            about: "after a cut and after an end the browser returns with its last event ID",
            script: r#"
                const source = new EventSource("/cut"), seen = [];
                await new Promise((resolve) => {
                    source.onerror = () => seen.push(source.readyState);
                    source.onmessage = (event) => {
                        seen.push([event.data, event.lastEventId]);
                        if (event.data === "from the start") fetch("/gate", { method: "POST" });
                        if (event.data === "after 2") resolve();
                    };
                });
                source.close();
                return seen;
            "#,
            expected: json!([
                ["from the start", "naïve ☃"],
                0,
                ["after the cut", "2"],
                0,
                ["after 2", "2"],
            ]),
        },
        Scene {
            about: "204 stops the browser",
            script: r#"
                const source = new EventSource("/stop"), seen = [];
                await new Promise((resolve) => {
                    source.onmessage = (event) => seen.push(event.data);
                    source.onerror = () => {
                        seen.push(source.readyState);
                        if (source.readyState === EventSource.CLOSED) resolve();
                    };
                });
                return seen;
            "#,
            expected: json!(["only once", 0, 2]),
        },
        Scene {
            about: "fetch reads the answer to a POST as it comes",
            script: r#"
                const response = await fetch("/echo", { method: "POST", body: "one\ntwo\nthree" });
                const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
                let text = "", early;
                for (;;) {
                    const { value, done } = await reader.read();
                    if (done) break;
                    text += value;
                    if (early === undefined && text.includes("two\n\n")) {
                        early = text;
                        await fetch("/gate", { method: "POST" });
                    }
                }
                return [response.headers.get("content-type"), early, text];
            "#,
            expected: json!([
                "text/event-stream",
                "data: one\n\ndata: two\n\n",
                "data: one\n\ndata: two\n\ndata: three\n\n",
            ]),
        },
    ]
}
