//! Health, metrics and presence.

use std::time::{Duration, Instant};

use crate::{
    client::{Client, PATIENCE, Response},
    command_line::{Process, binary},
    running::Running,
};

fn admin(server: &Running, target: &str) -> Response {
    let mut client = crate::client::Client::connect(server.admin.unwrap());
    client.send(&format!("GET {target} HTTP/1.1\r\nhost: x\r\n"), b"");
    client.response(false)
}

const JSON: Option<&str> = Some("application/json");

#[test]
fn health_is_on_both_listeners_and_the_rest_on_one() {
    let server = Running::with(&["--admin-listen", "127.0.0.1:0"]);
    for path in ["/health/live", "/health/ready"] {
        let word = path.rsplit('/').next().unwrap();
        let body = format!(r#"{{"status":"{word}"}}"#);
        server.get(path).check(200, JSON, &body);
        admin(&server, path).check(200, JSON, &body);
    }
    for path in ["/metrics", "/presence"] {
        server.get(path).check(404, None, "");
        assert_eq!(admin(&server, path).status, 200);
    }
    assert_eq!(admin(&server, "/sse").status, 404);
    let publish = server.send("POST /health/live HTTP/1.1\r\nhost: x\r\n", b"");
    assert_eq!(
        (publish.status, publish.header("allow")),
        (405, Some("GET,HEAD"))
    );
}

#[test]
fn presence_lists_who_listens() {
    let server = Running::with(&["--admin-listen", "127.0.0.1:0"]);
    let mut rooms = server.stream("/sse?topic=room/*", "");
    rooms.expect(": ok\n\n");
    let _default = server.subscribe();
    let presence = |target: &str| -> serde_json::Value {
        serde_json::from_slice(&admin(&server, target).body).unwrap()
    };
    let room = presence("/presence?topic=room/a");
    assert_eq!(
        (&room["topic"], &room["count"]),
        (&"room/a".into(), &1.into())
    );
    let connection = &room["connections"][0];
    assert_eq!(connection["topics"], serde_json::json!(["room/*"]));
    assert_eq!(connection["remote"], "127.0.0.1");
    assert!(connection["since"].as_u64().unwrap() > 1_700_000_000_000);
    assert_eq!(presence("/presence?topic=default")["count"], 1);
    assert_eq!(presence("/presence?topic=nobody")["count"], 0);
    assert_eq!(presence("/presence")["count"], 2);
    assert_eq!(admin(&server, "/presence?topic=").status, 400);
    let keys = admin(&server, "/presence?topic=x").text();
    assert_eq!(keys, r#"{"topic":"x","count":0,"connections":[]}"#);
}

#[test]
fn metrics_are_rendered_for_collectors() {
    let server = Running::with(&["--admin-listen", "127.0.0.1:0"]);
    let mut stream = server.subscribe();
    server.publish("x");
    stream.expect("data: x\n\n");
    let metrics = admin(&server, "/metrics");
    let format = Some("text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(
        (metrics.status, metrics.header("content-type")),
        (200, format)
    );
    for name in [
        "sse_hub_published_total",
        "sse_hub_delivered_total",
        "sse_hub_subscribers",
        "sse_hub_retained_bytes",
        "sse_server_connections",
    ] {
        assert!(metrics.text().contains(name), "{name}");
    }
}

/// In a process of its own, which has a recorder and a log of its own.
#[test]
fn a_slow_reader_is_counted_and_logged() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = binary();
    command.args(["-l", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    command.args(["-c", "16", "--lag-count", "16", "--send-buffer", "16KiB"]);
    let _process = Process::start(command.stderr(log.reopen().unwrap()));
    let start = Instant::now();
    let read = || std::fs::read_to_string(log.path()).unwrap();
    let after = |words: &str| loop {
        let text = read();
        let mut lines = text.lines();
        if let Some(rest) = lines.find_map(|line| Some(line.split_once(words)?.1.to_owned())) {
            return rest;
        }
        assert!(start.elapsed() < PATIENCE, "{text}");
        std::thread::sleep(Duration::from_millis(10));
    };
    let public = after("Listening on ").trim().parse().unwrap();
    let admin = after("Metrics and presence on ").trim().parse().unwrap();
    let metrics = || {
        let mut client = Client::connect(admin);
        client.send("GET /metrics HTTP/1.1\r\nhost: x\r\n", b"");
        client.response(false).text()
    };
    let mut slow = Client::connect(public);
    slow.send("GET /sse HTTP/1.1\r\nhost: x\r\n", b"");
    let slow = slow.stream();
    assert!(!metrics().contains("sse_hub_lagging_total{"));
    let body = format!(r#"{{"data":"{}"}}"#, "x".repeat(60_000));
    let head = format!(
        "POST /sse HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    let mut publisher = Client::connect(public);
    loop {
        publisher.send(&head, body.as_bytes());
        if publisher
            .response(false)
            .text()
            .ends_with(r#""subscribers":0}"#)
        {
            break;
        }
        assert!(start.elapsed() < PATIENCE);
    }
    assert!(after("a subscription is lagging").contains("policy"));
    let metrics = metrics();
    let counted = metrics
        .lines()
        .find(|line| line.starts_with("sse_hub_lagging_total{"));
    assert!(
        counted.is_some_and(|line| line.ends_with(" 1")),
        "{metrics}"
    );
    drop(slow);
}
