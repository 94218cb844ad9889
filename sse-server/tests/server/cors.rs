//! What pages of other origins may do.

use crate::{client::Response, running::Running};

fn preflight(server: &Running, path: &str, origin: &str) -> Response {
    let head = format!(
        "OPTIONS {path} HTTP/1.1\r\nhost: x\r\norigin: {origin}\r\naccess-control-request-method: POST\r\n"
    );
    server.send(&head, b"")
}

fn published_from(server: &Running, origin: &str) -> Response {
    let head = format!(
        "POST /sse HTTP/1.1\r\nhost: x\r\norigin: {origin}\r\ncontent-length: 6\r\n\
         content-type: application/x-www-form-urlencoded\r\n"
    );
    server.send(&head, b"data=x")
}

#[track_caller]
fn check(reply: &Response, headers: &[(&str, Option<&str>)]) {
    for (name, value) in headers {
        assert_eq!(reply.header(name), *value, "{name}");
    }
}

const ORIGIN: &str = "access-control-allow-origin";

#[test]
fn by_default_all_origins_may() {
    let server = Running::new();
    for path in ["/sse", "/health/live", "/nowhere"] {
        let reply = preflight(&server, path, "https://a.example");
        assert_eq!((reply.status, reply.body.len()), (200, 0));
        let expected = [
            (ORIGIN, Some("*")),
            ("access-control-allow-methods", Some("GET,HEAD,POST")),
            ("access-control-allow-headers", Some("*")),
            ("access-control-max-age", Some("0")),
            ("access-control-allow-credentials", None),
            ("vary", None),
        ];
        check(&reply, &expected);
    }
    let reply = preflight(&server, "/sse", "https://a.example");
    check(&reply, &[("allow", Some("POST,GET,HEAD"))]);
    let exposed = "sse-event-id,sse-sequence,sse-resume,sse-resume-reason,sse-resume-from";
    let reply = published_from(&server, "https://a.example");
    check(
        &reply,
        &[
            (ORIGIN, Some("*")),
            ("access-control-expose-headers", Some(exposed)),
        ],
    );
    check(&server.get("/nowhere"), &[(ORIGIN, Some("*"))]);
}

#[test]
fn a_listed_origin_is_echoed_and_another_is_not() {
    let server = Running::with(&[
        "--cors-allow-origin",
        "https://a.example, https://b.example:81",
        "--cors-allow-methods",
        "GET",
        "--cors-allow-headers",
        "Content-Type, X-Own",
        "--cors-allow-credentials",
        "--cors-max-age",
        "1h",
    ]);
    let listed = preflight(&server, "/sse", "https://b.example:81");
    let expected = [
        (ORIGIN, Some("https://b.example:81")),
        ("access-control-allow-methods", Some("GET")),
        ("access-control-allow-headers", Some("content-type,x-own")),
        ("access-control-allow-credentials", Some("true")),
        ("access-control-max-age", Some("3600")),
        ("vary", Some("origin")),
    ];
    check(&listed, &expected);
    check(
        &published_from(&server, "https://a.example"),
        &[(ORIGIN, Some("https://a.example"))],
    );
    // It says who may read, and keeps nobody from publishing.
    let unlisted = published_from(&server, "https://c.example");
    assert_eq!(unlisted.status, 202);
    check(&unlisted, &[(ORIGIN, None), ("vary", Some("origin"))]);
    check(&published_from(&server, "null"), &[(ORIGIN, None)]);
}
