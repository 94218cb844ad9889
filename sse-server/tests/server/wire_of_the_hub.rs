//! `--ids hub`: positions, gaps and ends are told.

use crate::{balance::scripted, client::Stream, running::Running};

fn hub(arguments: &[&str]) -> Running {
    let all: Vec<_> = ["--ids", "hub"].iter().chain(arguments).copied().collect();
    Running::with(&all)
}

/// The id of a block, and the block without it.
#[track_caller]
fn block(stream: &mut Stream) -> (String, String) {
    let block = stream.next().unwrap();
    let (id, rest) = block.split_once('\n').unwrap();
    let id = id
        .strip_prefix("id: ")
        .unwrap_or_else(|| panic!("no id: {block}"));
    (id.to_owned(), rest.to_owned())
}

#[test]
fn every_block_bears_a_position_by_which_a_client_resumes() {
    let server = hub(&[]);
    let mut stream = server.stream("/sse", "");
    assert_eq!(stream.head.header("sse-resume"), Some("fresh"));
    let (start, opening) = block(&mut stream);
    assert!(
        opening.starts_with("retry: ") && opening.ends_with("\n: ok\n\n"),
        "{opening}"
    );
    assert_eq!(server.json(r#"{"data":"a","id":"own"}"#).status, 202);
    let (first, a) = block(&mut stream);
    assert_eq!(a, "data: a\n\n");
    assert!(!first.contains("own"));
    server.publish("b");
    for (from, data) in [(&start, &["a", "b"][..]), (&first, &["b"])] {
        let mut resumed = server.stream("/sse", &format!("last-event-id: {from}\r\n"));
        assert_eq!(resumed.head.header("sse-resume"), Some("complete"));
        let _opening = block(&mut resumed);
        for data in data {
            assert_eq!(block(&mut resumed).1, format!("data: {data}\n\n"));
        }
    }
}

#[test]
fn what_is_gone_is_told_as_a_gap() {
    let server = hub(&["-c", "2", "--retain-count", "2"]);
    let mut stream = server.stream("/sse", "");
    let (start, _) = block(&mut stream);
    for data in ["a", "b", "c"] {
        server.publish(data);
        stream.next();
    }
    let mut resumed = server.stream("/sse", &format!("last-event-id: {start}\r\n"));
    assert_eq!(resumed.head.header("sse-resume"), Some("gap"));
    assert_eq!(resumed.head.header("sse-resume-reason"), Some("expired"));
    assert!(resumed.next().unwrap().ends_with(": ok\n\n"));
    let (_, gap) = block(&mut resumed);
    assert!(
        gap.starts_with("event: hub.gap\ndata: {\"reason\":\"expired\""),
        "{gap}"
    );
    assert_eq!(block(&mut resumed).1, "data: b\n\n");
    assert_eq!(block(&mut resumed).1, "data: c\n\n");
    let other = server.stream("/sse", "last-event-id: k3v9x0qa-1-7c21ab04\r\n");
    assert_eq!(other.head.header("sse-resume-reason"), Some("epoch"));
}

#[test]
fn silence_is_broken_with_the_position_so_far() {
    let server = hub(&["-k", "200ms"]);
    let mut stream = server.stream("/sse?topic=quiet", "");
    let (start, _) = block(&mut stream);
    server.publish("elsewhere");
    let (mut id, mut text) = block(&mut stream);
    while id == start {
        (id, text) = block(&mut stream);
    }
    assert_eq!(text, ": keep-alive\n\n");
    let resumed = server.stream("/sse?topic=quiet", &format!("last-event-id: {id}\r\n"));
    assert_eq!(resumed.head.header("sse-resume"), Some("complete"));
}

#[test]
fn a_rotation_is_an_end_like_any_other() {
    let server = hub(&["-t", "300ms"]);
    let mut stream = server.stream("/sse", "");
    let (start, _) = block(&mut stream);
    let (id, end) = block(&mut stream);
    assert_eq!(id, start);
    assert!(end.starts_with("event: hub.close\nretry: 1"), "{end}");
    assert!(
        end.ends_with("data: {\"reason\":\"timeout\"}\n: timeout\n\n"),
        "{end}"
    );
    assert_eq!(stream.next(), None);
    let server = hub(&["-t", "100ms", "-r", "7s"]);
    let rest = server.stream("/sse", "").rest();
    assert!(rest.contains("retry: 7000\n"), "{rest}");
}

#[test]
fn a_soft_refusal_bears_no_id() {
    let server = hub(&["--max-connections", "1"]);
    let _held = server.stream("/sse", "");
    let refused = server.stream("/sse", "").rest();
    assert!(
        refused.starts_with("retry: ") && !refused.contains("id: "),
        "{refused}"
    );
    let end = "\n: ok\n\nevent: hub.close\ndata: {\"reason\":\"overload\"}\n\n";
    assert!(refused.ends_with(end), "{refused}");
}

#[test]
fn a_client_may_say_where_to_begin() {
    let server = hub(&[]);
    for data in ["a", "b", "c"] {
        server.publish(data);
    }
    let mut stream = server.stream("/sse?start=last=2&markers=1", "");
    let _opening = block(&mut stream);
    assert_eq!(block(&mut stream).1, "data: b\n\n");
    assert_eq!(block(&mut stream).1, "data: c\n\n");
    assert_eq!(block(&mut stream).1, "event: hub.live\ndata: {}\n\n");
    let wrong = server.get("/sse?start=yesterday");
    wrong.check_error(400, "the parameter start has a value that it cannot have");
    let wrong = server.get("/sse?topic=a/**/b");
    wrong.check_error(400, "a topic must have ** only as its last segment");
}

#[test]
fn catchup_is_asked_unless_the_log_goes_on_behind_what_the_client_has() {
    let text = r#"
function catchup(sub, id) return {{data = "caught up", id = "c"}} end
function message(pub, sub) return pub end
"#;
    let (_file, server) = scripted(text, &["--ids", "hub"]);
    let mut fresh = server.stream("/sse", "");
    let (start, _) = block(&mut fresh);
    fresh.expect("data: caught up\n\n");
    server.publish("a");
    assert_eq!(block(&mut fresh).1, "data: a\n\n");
    let mut resumed = server.stream("/sse", &format!("last-event-id: {start}\r\n"));
    assert_eq!(resumed.head.header("sse-resume"), Some("complete"));
    assert!(block(&mut resumed).1.ends_with(": ok\n\n"));
    assert_eq!(block(&mut resumed).1, "data: a\n\n");
    let mut other = server.stream("/sse", "last-event-id: k3v9x0qa-1-7c21ab04\r\n");
    assert!(other.next().unwrap().ends_with(": ok\n\n"));
    assert!(block(&mut other).1.starts_with("event: hub.gap\n"));
    other.expect("data: caught up\n\n");
    assert_eq!(block(&mut other).1, "data: a\n\n");
}

#[test]
fn a_client_may_say_where_to_begin_whatever_a_script_defines() {
    for text in [
        "function tick() end",
        "function message(pub) return pub end",
        "function subscribe(sub) return sub end",
        "function subscribe(sub) return sub, {topics = {'default'}} end",
    ] {
        let (_file, server) = scripted(text, &["--ids", "hub"]);
        for data in ["a", "b", "c"] {
            server.publish(data);
        }
        let mut stream = server.stream("/sse?start=last=2&markers=1", "");
        let _opening = block(&mut stream);
        assert_eq!(block(&mut stream).1, "data: b\n\n", "{text}");
        assert_eq!(block(&mut stream).1, "data: c\n\n", "{text}");
        let live = block(&mut stream).1;
        assert_eq!(live, "event: hub.live\ndata: {}\n\n", "{text}");
        let unknown = server.send(
            "GET /sse?on_gap=fail HTTP/1.1\r\nhost: x\r\nlast-event-id: k3v9x0qa-1-7c21ab04\r\n",
            b"",
        );
        assert_eq!(unknown.status, 412, "{text}");
    }
}

#[test]
fn what_is_published_while_the_script_thinks_is_not_missed_whatever_the_query_says() {
    let text = r#"
local sse = require "sse"
function subscribe(sub)
  sse.publish({data = "meanwhile"})
  return sub
end
"#;
    let (_file, server) = scripted(text, &["--ids", "hub"]);
    for query in ["", "?markers=1"] {
        let mut stream = server.stream(&format!("/sse{query}"), "");
        let _opening = block(&mut stream);
        assert_eq!(block(&mut stream).1, "data: meanwhile\n\n", "{query}");
    }
}
