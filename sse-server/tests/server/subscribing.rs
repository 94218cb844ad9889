//! `GET`: the head of the response, and where a stream begins.

use crate::running::Running;

const HEADERS: [(&str, &str); 4] = [
    ("content-type", "text/event-stream"),
    ("cache-control", "no-cache, no-transform"),
    ("x-accel-buffering", "no"),
    ("x-content-type-options", "nosniff"),
];

#[test]
fn a_stream_has_these_headers_and_opens_with_a_comment() {
    let server = Running::new();
    let mut stream = server.stream("/sse", "");
    for (name, value) in HEADERS {
        assert_eq!(stream.head.header(name), Some(value));
    }
    let mut names = HEADERS.map(|(name, _)| name);
    names.sort_unstable();
    assert_eq!(stream.head.names(), names);
    assert_eq!(stream.head.header("transfer-encoding"), Some("chunked"));
    stream.expect(": ok\n\n");
}

#[test]
fn head_has_the_headers_and_leaves_nothing_behind() {
    let server = Running::with(&["--admin-listen", "127.0.0.1:0"]);
    let reply = server.send("HEAD /sse HTTP/1.1\r\nhost: x\r\n", b"");
    assert_eq!((reply.status, reply.body.len()), (200, 0));
    assert_eq!(reply.header("content-type"), Some("text/event-stream"));
    let receipt = server.json(r#"{"data":"x"}"#);
    assert_eq!(receipt.text(), r#"{"queued":0,"subscribers":0}"#);
}

#[test]
fn who_comes_back_gets_what_was_missed() {
    let server = Running::new();
    for id in 1..=5 {
        let body = format!(r#"{{"id":"{id}","data":"d{id}"}}"#);
        assert_eq!(server.json(&body).status, 202);
    }
    let check = |target: &str, headers: &str, first: Option<u32>| {
        let mut stream = server.stream(target, headers);
        stream.expect(": ok\n\n");
        for id in first.into_iter().flat_map(|first| first..=5) {
            stream.expect(&format!("id: {id}\ndata: d{id}\n\n"));
        }
        server.publish("live");
        stream.expect("data: live\n\n");
    };
    check("/sse", "", None);
    check("/sse", "last-event-id: 3\r\n", Some(4));
    check("/sse?last_event_id=4", "", Some(5));
    check("/sse?last_event_id=1", "last-event-id: 4\r\n", Some(5));
    check("/sse?last_event_id=4", "last-event-id:\r\n", Some(5));
    check("/sse?last_event_id=", "", None);
    check("/sse", "last-event-id: unknown\r\n", None);
    let twice = server.get("/sse?last_event_id=1&last_event_id=2");
    let text = "Failed to deserialize query string: duplicate field `last_event_id`";
    twice.check(400, Some("text/plain; charset=utf-8"), text);
}

#[test]
fn ids_may_be_utf_8() {
    let server = Running::new();
    assert_eq!(server.json(r#"{"id":"☃","data":"a"}"#).status, 202);
    assert_eq!(server.json(r#"{"id":"2","data":"b"}"#).status, 202);
    let mut stream = server.stream("/sse", "last-event-id: ☃\r\n");
    stream.expect(": ok\n\n");
    stream.expect("id: 2\ndata: b\n\n");
}

#[test]
fn a_hundred_topics_and_eight_kilobytes_are_enough() {
    let server = Running::new();
    let query = |count: usize| {
        let topics: Vec<_> = (0..count).map(|n| format!("topic=t{n}")).collect();
        format!("/sse?{}", topics.join("&"))
    };
    assert_eq!(server.stream(&query(100), "").next().unwrap(), ": ok\n\n");
    let most = server.get(&query(101));
    most.check_error(400, "a connection may have at most 100 topics");
    assert_eq!(
        server.get(&format!("/sse?x={}", "y".repeat(8191))).status,
        414
    );
}
