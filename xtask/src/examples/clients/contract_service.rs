//! `contract_service`: each capability that it names, tried from outside over HTTP.

use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::Test;
use crate::examples::response::Response;
use crate::examples::script::{Answer, Asked, Script};
use crate::examples::server::Server;

pub(super) const TESTS: &[Test] = &[
    ("names its capabilities, and quits", quits),
    ("refuses what is wrong", refuses),
    ("closes a stream", closes),
    ("bom", bom),
    ("comments", comments),
    ("event-type-listeners", event_type_listeners),
    ("headers", headers),
    ("last-event-id", last_event_id),
    ("post", || body("POST")),
    ("read-timeout", read_timeout),
    ("report", || body("REPORT")),
    ("restart", restart),
    ("retry", retry),
    ("server-directed-shutdown-request", shutdown),
    ("tells what ends a stream", tells_errors),
];

/// The service, and what it calls back.
struct Harness {
    service: Server,
    callbacks: Script,
    told: u64,
}

impl Harness {
    fn start() -> Result<Self> {
        let mut service = Server::program("contract_service", &["0"], &[])?;
        service.url = service.line()?;
        Ok(Self {
            service,
            callbacks: Script::serve(|_| Answer::status(202, ""))?,
            told: 0,
        })
    }

    /// Creates a stream and returns its address.
    fn create(&self, stream: &Script, more: &Value) -> Result<String> {
        let mut parameters = json!({
            "streamUrl": format!("{}/stream", stream.url),
            "callbackUrl": format!("{}/callback", self.callbacks.url),
            "tag": "a test",
            "initialDelayMs": 0,
        });
        let more = more.as_object().context("an object")?.clone();
        let all = parameters.as_object_mut().context("an object")?;
        all.extend(more);
        let (head, text) = ask("POST", &self.service.url, &parameters.to_string())?;
        ensure!(head.starts_with("http/1.1 201 "), "{head}\n{text}");
        let location = head
            .lines()
            .find_map(|line| line.strip_prefix("location: "));
        Ok(location.context("a location")?.to_owned())
    }

    /// What is called back next, which must be in order.
    fn told(&mut self) -> Result<Value> {
        let asked = self.callbacks.asked()?;
        self.told += 1;
        let path = format!("/callback/{}", self.told);
        ensure!(
            asked.method == "POST" && asked.path == path,
            "{path}: {asked:?}"
        );
        serde_json::from_str(&asked.body).context(asked.body)
    }

    fn expect_event(&mut self, event_type: &str, data: &str, id: &str) -> Result<()> {
        let event = json!({ "type": event_type, "data": data, "id": id });
        self.expect(&json!({ "kind": "event", "event": event }))
    }

    fn expect(&mut self, expected: &Value) -> Result<()> {
        let told = self.told()?;
        ensure!(told == *expected, "it tells {told} instead of {expected}");
        Ok(())
    }

    fn expect_error(&mut self) -> Result<String> {
        let told = self.told()?;
        ensure!(told["kind"] == "error", "it tells {told}");
        Ok(told["error"].as_str().context("words")?.to_owned())
    }
}

/// Head and body of an answer.
fn ask(method: &str, url: &str, body: &str) -> Result<(String, String)> {
    let json = ["content-type: application/json"];
    let mut response = Response::send(method, url, &json, body)?;
    let text = response.end()?;
    Ok((response.head(), text))
}

#[track_caller]
fn expect_status(status: u16, method: &str, url: &str, body: &str) -> Result<()> {
    let (head, text) = ask(method, url, body)?;
    ensure!(
        head.starts_with(&format!("http/1.1 {status} ")),
        "{method} {url} {body}: {head}\n{text}"
    );
    Ok(())
}

fn quits() -> Result<()> {
    let mut harness = Harness::start()?;
    let url = harness.service.url.clone();
    let (head, text) = ask("GET", &url, "")?;
    ensure!(head.starts_with("http/1.1 200 "), "{head}");
    let status: Value = serde_json::from_str(&text)?;
    let capabilities = status["capabilities"].as_array().context("a list")?;
    for (name, _) in TESTS.iter().filter(|(name, _)| !name.contains(' ')) {
        ensure!(
            capabilities.contains(&json!(name)),
            "{name} is not in {text}"
        );
    }
    // With a stream that would go on for ever.
    let stream = Script::of([Answer::open_events("data: 1\n\n")])?;
    harness.create(&stream, &json!({}))?;
    harness.expect_event("message", "1", "")?;
    expect_status(204, "DELETE", &url, "")?;
    harness.service.ended()
}

fn refuses() -> Result<()> {
    let harness = Harness::start()?;
    let url = &harness.service.url;
    let callback = "http://127.0.0.1:9/";
    for wrong in [
        json!({}),
        json!([]),
        json!({ "streamUrl": callback }),
        json!({ "callbackUrl": callback }),
        json!({ "streamUrl": "stream", "callbackUrl": callback }),
        json!({ "streamUrl": "ftp://a/b", "callbackUrl": callback }),
        json!({ "streamUrl": callback, "callbackUrl": "callback" }),
        json!({ "streamUrl": callback, "callbackUrl": callback, "initialDelayMs": -1 }),
        json!({ "streamUrl": callback, "callbackUrl": callback, "readTimeoutMs": "1" }),
        json!({ "streamUrl": callback, "callbackUrl": callback, "lastEventId": "a\nb" }),
        json!({ "streamUrl": callback, "callbackUrl": callback, "headers": { "a b": "c" } }),
        json!({ "streamUrl": callback, "callbackUrl": callback, "headers": { "a": "\r\n" } }),
        json!({ "streamUrl": callback, "callbackUrl": callback, "method": "G T" }),
    ] {
        expect_status(400, "POST", url, &wrong.to_string())?;
    }
    expect_status(400, "POST", url, "{")?;
    expect_status(
        404,
        "POST",
        &format!("{url}streams/9"),
        r#"{"command":"restart"}"#,
    )?;
    expect_status(404, "DELETE", &format!("{url}streams/9"), "")?;
    let stream = Script::of([Answer::open_events("")])?;
    let stream = harness.create(&stream, &json!({}))?;
    for wrong in [r#"{"command":"fly"}"#, r#"{"command":"listen"}"#, "{}", ""] {
        expect_status(400, "POST", &stream, wrong)?;
    }
    Ok(())
}

fn closes() -> Result<()> {
    let mut harness = Harness::start()?;
    let script = Script::of([Answer::open_events("data: 1\n\n")])?;
    let stream = harness.create(&script, &json!({}))?;
    harness.expect_event("message", "1", "")?;
    expect_status(204, "DELETE", &stream, "")?;
    expect_status(404, "DELETE", &stream, "")?;
    expect_status(404, "POST", &stream, r#"{"command":"restart"}"#)
}

fn bom() -> Result<()> {
    let mut harness = Harness::start()?;
    let script = Script::of([Answer::open_events("\u{feff}data: 1\n\n")])?;
    harness.create(&script, &json!({}))?;
    harness.expect_event("message", "1", "")
}

fn comments() -> Result<()> {
    let mut harness = Harness::start()?;
    let script = Script::of([Answer::open_events(": one\ndata: 1\n:two\n\n: three\n")])?;
    harness.create(&script, &json!({}))?;
    for comment in ["one", "two"] {
        harness.expect(&json!({ "kind": "comment", "comment": comment }))?;
    }
    harness.expect_event("message", "1", "")?;
    // It waits for no blank line.
    harness.expect(&json!({ "kind": "comment", "comment": "three" }))
}

fn event_type_listeners() -> Result<()> {
    let mut harness = Harness::start()?;
    let (release, released) = channel();
    let mut answers = [
        Answer::events("event: greeting\ndata: unheard\n\ndata: 1\n\n"),
        Answer::open_events("event: greeting\ndata: heard\n\nevent: other\ndata: 2\n\ndata: 3\n\n"),
    ]
    .into_iter();
    let mut is_first = true;
    let script = Script::serve(move |_| {
        if !std::mem::take(&mut is_first) {
            let _ = released.recv();
        }
        answers.next().unwrap_or_else(|| Answer::status(204, ""))
    })?;
    let stream = harness.create(&script, &json!({}))?;
    harness.expect_event("message", "1", "")?;
    for _ in 0..2 {
        let listen = r#"{"command":"listen","listen":{"type":"greeting"}}"#;
        expect_status(202, "POST", &stream, listen)?;
    }
    release.send(())?;
    harness.expect_event("greeting", "heard", "")?;
    harness.expect_event("message", "3", "")
}

fn headers() -> Result<()> {
    let harness = Harness::start()?;
    let script = Script::of([])?;
    let more = json!({ "headers": { "header-one": "1", "header-two": "2" } });
    harness.create(&script, &more)?;
    expect_asked(
        &script.asked()?,
        "GET",
        &[
            ("header-one", "1"),
            ("header-two", "2"),
            ("accept", "text/event-stream"),
            ("cache-control", "no-cache"),
            ("last-event-id", ""),
        ],
    )
}

#[track_caller]
fn expect_asked(asked: &Asked, method: &str, headers: &[(&str, &str)]) -> Result<()> {
    let is_right = asked.method == method
        && asked.path == "/stream"
        && headers
            .iter()
            .all(|(name, value)| asked.header(name) == *value);
    ensure!(is_right, "{asked:?} is not {method} with {headers:?}");
    Ok(())
}

fn last_event_id() -> Result<()> {
    let mut harness = Harness::start()?;
    let script = Script::of([
        Answer::events("data: 1\n\n"),
        Answer::events("id: b\ndata: 2\n\nid: c\n\nid: half"),
    ])?;
    harness.create(&script, &json!({ "lastEventId": "a" }))?;
    harness.expect_event("message", "1", "a")?;
    harness.expect_event("message", "2", "b")?;
    for id in ["a", "a", "c"] {
        expect_asked(&script.asked()?, "GET", &[("last-event-id", id)])?;
    }
    Ok(())
}

fn body(method: &str) -> Result<()> {
    let harness = Harness::start()?;
    let script = Script::of([Answer::events("data: 1\n\n")])?;
    let json = "application/json; charset=utf-8";
    let more =
        json!({ "method": method, "body": "{\"a\": 1}", "headers": { "content-type": json } });
    harness.create(&script, &more)?;
    // Once more after the connection is over.
    for _ in 0..2 {
        let asked = script.asked()?;
        expect_asked(&asked, method, &[("content-type", json)])?;
        ensure!(asked.body == "{\"a\": 1}", "{asked:?}");
    }
    Ok(())
}

fn read_timeout() -> Result<()> {
    let mut harness = Harness::start()?;
    let script = Script::of([Answer::open_events("data: 1\n\n")])?;
    harness.create(&script, &json!({ "readTimeoutMs": 300 }))?;
    harness.expect_event("message", "1", "")?;
    let error = harness.expect_error()?;
    ensure!(error.contains("silent"), "{error}");
    let first = script.asked()?.at;
    let waited = script.asked()?.at.duration_since(first);
    ensure!(waited >= Duration::from_millis(300), "after {waited:?}");
    Ok(())
}

fn restart() -> Result<()> {
    let mut harness = Harness::start()?;
    let script = Script::of([
        Answer::open_events("id: 7\ndata: 1\n\n"),
        Answer::open_events("data: 2\n\nevent: a\ndata: 3\n\n"),
    ])?;
    let stream = harness.create(&script, &json!({}))?;
    let listen = r#"{"command":"listen","listen":{"type":"a"}}"#;
    expect_status(202, "POST", &stream, listen)?;
    harness.expect_event("message", "1", "7")?;
    expect_status(202, "POST", &stream, r#"{"command":"restart"}"#)?;
    harness.expect_event("message", "2", "7")?;
    // It still listens.
    harness.expect_event("a", "3", "7")?;
    expect_asked(&script.asked()?, "GET", &[("last-event-id", "")])?;
    expect_asked(&script.asked()?, "GET", &[("last-event-id", "7")])
}

fn retry() -> Result<()> {
    let mut harness = Harness::start()?;
    let script = Script::of([
        Answer::events("retry: 700\ndata: 1\n\n"),
        // It is still so after a connection that says nothing about it.
        Answer::events("data: 2\n\n"),
    ])?;
    harness.create(&script, &json!({}))?;
    harness.expect_event("message", "1", "")?;
    harness.expect_event("message", "2", "")?;
    let mut before = script.asked()?.at;
    for _ in 0..2 {
        let at = script.asked()?.at;
        let waited = at.duration_since(before);
        ensure!(waited >= Duration::from_millis(700), "after {waited:?}");
        before = at;
    }
    Ok(())
}

fn shutdown() -> Result<()> {
    let harness = Harness::start()?;
    let script = Script::of([Answer::status(204, "")])?;
    harness.create(&script, &json!({}))?;
    script.asked()?;
    let alone = script.is_left_alone(Duration::from_secs(1));
    ensure!(alone, "it asks again after 204");
    ensure!(
        harness.callbacks.is_left_alone(Duration::ZERO),
        "it tells something"
    );
    Ok(())
}

fn tells_errors() -> Result<()> {
    let mut harness = Harness::start()?;
    let script = Script::of([
        Answer::status(503, "later"),
        Answer::events("data: 1\n\n"),
        Answer::status(200, "no events"),
    ])?;
    harness.create(&script, &json!({}))?;
    let error = harness.expect_error()?;
    ensure!(error.contains("503"), "{error}");
    harness.expect_event("message", "1", "")?;
    let error = harness.expect_error()?;
    ensure!(error.contains("media type"), "{error}");
    Ok(())
}
