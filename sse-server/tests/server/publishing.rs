//! `POST`: what is accepted, and what is refused in which words.

use crate::running::Running;

const JSON: Option<&str> = Some("application/json");
const PLAIN: Option<&str> = Some("text/plain; charset=utf-8");

#[test]
fn what_is_accepted_is_answered_with_two_keys_in_order() {
    let server = Running::new();
    let nobody = server.json(r#"{"data":"x"}"#);
    nobody.check(202, JSON, r#"{"queued":0,"subscribers":0}"#);
    assert_eq!(
        nobody.names(),
        ["content-type", "sse-event-id", "sse-sequence"]
    );
    let mut stream = server.subscribe();
    let one = server.post("application/x-www-form-urlencoded", "data=y");
    one.check(202, JSON, r#"{"queued":1,"subscribers":1}"#);
    assert_eq!(one.header("sse-sequence"), Some("2"));
    stream.expect("data: y\n\n");
}

#[test]
fn a_body_that_says_nothing_is_refused() {
    let server = Running::new();
    for body in ["{}", r#"{"other":1}"#, r#"{"data":null}"#] {
        server
            .json(body)
            .check_error(400, "the message must not be empty");
    }
    for body in ["", "data=", "other=1"] {
        let reply = server.post("application/x-www-form-urlencoded", body);
        reply.check_error(400, "the message must not be empty");
    }
}

#[test]
fn every_field_reaches_the_wire_in_order() {
    let server = Running::new();
    let mut stream = server.subscribe();
    let check = |stream: &mut crate::client::Stream, body: &str, block: &str| {
        assert_eq!(server.json(body).status, 202, "{body}");
        stream.expect(block);
    };
    check(
        &mut stream,
        r#"{"comment":["a","b"],"data":"x\ny","event":"e","id":"1","retry":5}"#,
        "id: 1\nevent: e\nretry: 5\ndata: x\ndata: y\n: a\n: b\n\n",
    );
    check(&mut stream, r#"{"data":""}"#, "data: \n\n");
    check(&mut stream, r#"{"data":" x\n"}"#, "data:  x\ndata: \n\n");
    check(&mut stream, r#"{"id":"7"}"#, "id: 7\n\n");
    check(&mut stream, r#"{"event":"e"}"#, "event: e\n\n");
    check(&mut stream, r#"{"comment":["c"]}"#, ": c\n\n");
    check(&mut stream, r#"{"retry":0}"#, "retry: 0\n\n");
    check(&mut stream, r#"{"data":"☃\u0000"}"#, "data: ☃\0\n\n");
}

#[test]
fn forms_repeat_comments_and_topics_only() {
    let server = Running::new();
    let mut stream = server.subscribe();
    let form = "application/x-www-form-urlencoded; charset=utf-8";
    let reply = server.post(form, "id=1&event=&data=a+b%0Ac&comment=x&comment=y&retry=9");
    assert_eq!(reply.status, 202);
    stream.expect("id: 1\nretry: 9\ndata: a b\ndata: c\n: x\n: y\n\n");
    server
        .post(form, "data=a&data=b")
        .check_error(400, "unsupported value");
}

#[test]
fn wrong_types_are_refused_in_the_words_of_the_parser() {
    let server = Running::new();
    let check = |body: &str, error: &str| server.json(body).check_error(400, error);
    check(
        r#"{"data":5}"#,
        "invalid type: integer `5`, expected a string at line 1 column 9",
    );
    check(
        r#"{"comment":"x"}"#,
        "invalid type: string \"x\", expected a sequence at line 1 column 14",
    );
    check(
        r#"{"data""#,
        "EOF while parsing an object at line 1 column 7",
    );
    assert_eq!(server.json("[1]").status, 400);
    assert_eq!(server.post("application/json", b"\xff").status, 400);
}

#[test]
fn the_media_type_is_needed_and_known() {
    let server = Running::new();
    let head = "POST /sse HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\n";
    let reply = server.send(head, b"data=x");
    reply.check(400, PLAIN, "Header of type `content-type` was missing");
    let reply = server.post("nonsense", "data=x");
    reply.check(400, PLAIN, "invalid HTTP header (content-type)");
    let reply = server.post("application/problem+json", "{}");
    reply.check_error(415, "unsupported media type \"application/problem+json\"");
    assert_eq!(
        server
            .post("application/json; charset=utf-8", r#"{"data":"x"}"#)
            .status,
        202
    );
}

/// A JSON message of exactly so many bytes.
fn message_of(length: usize) -> String {
    let frame = r#"{"data":""}"#.len();
    format!(r#"{{"data":"{}"}}"#, "x".repeat(length - frame))
}

#[test]
fn a_body_may_have_64_000_bytes_and_not_one_more() {
    let server = Running::new();
    assert_eq!(server.json(&message_of(64_000)).status, 202);
    server
        .json(&message_of(64_001))
        .check_error(413, "length limit exceeded");
    let chunked = |length: usize| {
        let head = "POST /sse HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                    transfer-encoding: chunked\r\n";
        let body = format!("{length:x}\r\n{}\r\n0\r\n\r\n", message_of(length));
        server.send(head, body.as_bytes())
    };
    assert_eq!(chunked(64_000).status, 202);
    chunked(64_001).check_error(413, "length limit exceeded");
}

#[test]
fn a_limit_may_be_binary() {
    let server = Running::with(&["-m", "1KiB"]);
    assert_eq!(server.json(&message_of(1024)).status, 202);
    assert_eq!(server.json(&message_of(1025)).status, 413);
}

#[test]
fn other_methods_and_paths_are_refused() {
    let server = Running::new();
    let put = |server: &Running, path: &str| {
        server.send(&format!("PUT {path} HTTP/1.1\r\nhost: x\r\n"), b"")
    };
    let reply = put(&server, "/sse");
    reply.check(405, None, "");
    assert_eq!(reply.header("allow"), Some("POST,GET,HEAD"));
    server.get("/other").check(404, None, "");
    let apart = Running::with(&["-P", "/in", "-S", "/out/of/:here"]);
    assert_eq!(put(&apart, "/in").header("allow"), Some("POST"));
    assert_eq!(
        put(&apart, "/out/of/:here").header("allow"),
        Some("GET,HEAD")
    );
    apart.get("/sse").check(404, None, "");
    assert_eq!(
        apart.stream("/out/of/:here", "").next().unwrap(),
        ": ok\n\n"
    );
}

#[test]
fn lines_are_published_all_or_none() {
    let server = Running::new();
    let mut stream = server.subscribe();
    let lines = "{\"data\":\"a\"}\n\n{\"data\":\"b\",\"id\":\"2\"}\n";
    let reply = server.post("application/x-ndjson", lines);
    reply.check(202, JSON, r#"{"queued":2,"subscribers":1}"#);
    assert_eq!(reply.header("sse-sequence"), Some("2"));
    stream.expect("data: a\n\n");
    stream.expect("id: 2\ndata: b\n\n");
    let half = "{\"data\":\"a\"}\n{\"id\":\"x\\ny\"}\n";
    let reply = server.post("application/x-ndjson", half);
    reply.check_error(400, "line 2: id must not have a line end or a NUL");
    let many: Vec<_> = (0..17).map(|it| it.to_string()).collect();
    let many = serde_json::json!({ "data": "b", "topic": many }).to_string();
    for (line, wrong) in [
        (r#"{"ttl":1}"#, "the message must not be empty"),
        (
            r#"{"data":"b","event":"hub.gap"}"#,
            "a published event must not have an event type that starts with hub.",
        ),
        (r#"{"data":"b","topic":"hub.x"}"#, ""),
        (r#"{"data":"b","topic":"a/*"}"#, ""),
        (&many, ""),
        (r#"{"data":"b","ttl":0}"#, ""),
    ] {
        for (before, number) in [("{\"data\":\"a\"}\n\n", 3), ("\n", 2)] {
            let reply = server.post("application/x-ndjson", format!("{before}{line}\n"));
            assert_eq!(reply.status, 400, "{line}");
            let error: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
            let error = error["error"].as_str().unwrap();
            let told = format!("line {number}: {wrong}");
            assert!(error.starts_with(&told), "{line}: {error}");
        }
    }
    server
        .post("application/x-ndjson", "\n")
        .check_error(400, "there is no message");
    server.publish("end");
    stream.expect("data: end\n\n");
}

#[test]
fn a_repetition_under_the_same_key_is_one_message() {
    let server = Running::new();
    let mut stream = server.subscribe();
    let post = |key: &str, data: &str| {
        let body = format!("data={data}");
        let head = format!(
            "POST /sse HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\nidempotency-key: {key}\r\n",
            body.len()
        );
        server.send(&head, body.as_bytes())
    };
    let first = post("k", "a");
    let again = post("k", "a");
    assert_eq!(first.header("sse-event-id"), again.header("sse-event-id"));
    assert_eq!(again.status, 202);
    post("l", "b");
    stream.expect("data: a\n\n");
    stream.expect("data: b\n\n");
    // Lines have keys of their own, which no other request can have.
    let head = "POST /sse HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\n\
                content-length: 12\r\nidempotency-key: lines\r\n";
    assert_eq!(server.send(head, br#"{"data":"d"}"#).status, 202);
    assert_eq!(server.send(head, br#"{"data":"d"}"#).status, 202);
    stream.expect("data: d\n\n");
    for key in ["lines#0", "lines0", "lines"] {
        assert_eq!(post(key, key).status, 202);
        stream.expect(&format!("data: {key}\n\n"));
    }
    assert_eq!(post(&"k".repeat(128), "c").status, 202);
    assert_eq!(post(&"k".repeat(129), "c").status, 400);
}

#[test]
fn topics_select_who_gets_a_message() {
    let server = Running::new();
    let mut rooms = server.stream("/sse?topic=room/*&topic=news", "");
    let mut default = server.subscribe();
    rooms.expect(": ok\n\n");
    assert_eq!(server.json(r#"{"data":"1","topic":"room/a"}"#).status, 202);
    rooms.expect("data: 1\n\n");
    let both = server.json(r#"{"data":"2","topic":["news","room/b"]}"#);
    both.check(202, JSON, r#"{"queued":1,"subscribers":1}"#);
    rooms.expect("data: 2\n\n");
    let reply = server.post(
        "application/x-www-form-urlencoded",
        "data=3&topic=news&topic=default",
    );
    reply.check(202, JSON, r#"{"queued":1,"subscribers":2}"#);
    rooms.expect("data: 3\n\n");
    default.expect("data: 3\n\n");
    let reply = server.json(r#"{"data":"x","topic":"room/*"}"#);
    reply.check_error(400, "a topic must not have a segment * or **");
    server
        .get("/sse?topic=a/**/b")
        .check_error(400, "a topic must have ** only as its last segment");
}

#[test]
fn what_has_passed_its_time_is_not_replayed() {
    let server = Running::new();
    for body in [
        r#"{"id":"1","data":"a"}"#,
        r#"{"id":"2","data":"b","ttl":1}"#,
        r#"{"id":"3","data":"c","ttl":60000}"#,
    ] {
        assert_eq!(server.json(body).status, 202);
    }
    std::thread::sleep(std::time::Duration::from_millis(20));
    let mut stream = server.stream("/sse", "last-event-id: 1\r\n");
    stream.expect(": ok\n\n");
    stream.expect("id: 3\ndata: c\n\n");
    server.json(r#"{"data":"x","ttl":0}"#).check_error(
        400,
        "a published event must have a time to live longer than zero",
    );
}
