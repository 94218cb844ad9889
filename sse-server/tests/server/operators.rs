//! Health, metrics and presence.

use crate::{client::Response, running::Running};

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
