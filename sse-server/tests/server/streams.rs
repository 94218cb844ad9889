//! What happens on a stream while it is open: silence, age, slow readers.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::running::Running;

#[test]
fn silence_is_broken_by_a_comment() {
    let server = Running::with(&["-k", "200ms", "-K", "still here"]);
    let mut stream = server.subscribe();
    let start = Instant::now();
    stream.expect(": still here\n\n");
    assert!(start.elapsed() >= Duration::from_millis(150));
    stream.expect(": still here\n\n");
}

#[test]
fn traffic_puts_the_comment_off() {
    let server = Running::with(&["-k", "600ms"]);
    let mut stream = server.subscribe();
    for _ in 0..5 {
        thread::sleep(Duration::from_millis(200));
        server.publish("x");
        stream.expect("data: x\n\n");
    }
    let last = Instant::now();
    stream.expect(": keep-alive\n\n");
    assert!(last.elapsed() >= Duration::from_millis(400));
}

#[test]
fn without_an_interval_there_is_no_comment() {
    let server = Running::with(&["-k", "0s", "-t", "700ms"]);
    let mut stream = server.subscribe();
    stream.expect(": timeout\nretry: 0\n\n");
    assert_eq!(stream.next(), None);
}

#[test]
fn a_connection_that_is_old_is_told_when_to_come_back() {
    let server = Running::with(&["-t", "300ms", "-r", "1500ms"]);
    let start = Instant::now();
    let mut stream = server.subscribe();
    server.publish("x");
    stream.expect("data: x\n\n");
    stream.expect(": timeout\nretry: 1500\n\n");
    assert_eq!(stream.next(), None);
    assert!(start.elapsed() >= Duration::from_millis(300));
    let receipt = server.json(r#"{"data":"x"}"#);
    assert_eq!(receipt.text(), r#"{"queued":0,"subscribers":0}"#);
}

#[test]
fn a_slow_reader_is_cut_and_nobody_else_waits() {
    let arguments = ["-c", "16", "--lag-count", "16", "--retain-bytes", "1MB"];
    let server = Running::with(&arguments);
    let slow = server.subscribe();
    let mut quick = server.subscribe();
    let data = "x".repeat(60_000);
    let block = format!("data: {data}\n\n");
    let mut others = 2;
    for _ in 0..400 {
        let body = serde_json::json!({ "data": data }).to_string();
        let receipt = server.json(&body);
        assert_eq!(receipt.status, 202);
        quick.expect(&block);
        others = if receipt.text().contains("\"subscribers\":1") {
            1
        } else {
            2
        };
        if others == 1 {
            break;
        }
    }
    assert_eq!(others, 1, "the slow reader was not cut");
    // What it got is whole, and its stream has an end.
    let rest = slow.rest();
    assert_eq!(rest.len() % block.len(), 0);
    assert!(!rest.is_empty());
}

#[test]
fn many_connections_share_what_is_published() {
    let server = Running::new();
    let mut streams: Vec<_> = (0..100).map(|_| server.subscribe()).collect();
    for number in 0..20 {
        let receipt = server.json(&format!(r#"{{"data":"{number}"}}"#));
        assert!(receipt.text().ends_with(r#""subscribers":100}"#));
    }
    for stream in &mut streams {
        for number in 0..20 {
            stream.expect(&format!("data: {number}\n\n"));
        }
    }
    drop(streams);
    // A client that left is noticed without traffic.
    let start = Instant::now();
    loop {
        let text = server.json(r#"{"data":"x"}"#).text();
        if text == r#"{"queued":0,"subscribers":0}"# {
            break;
        }
        assert!(start.elapsed() < crate::client::PATIENCE, "{text}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn nothing_is_lost_between_a_replay_and_what_is_live() {
    let server = Running::new();
    assert_eq!(server.json(r#"{"id":"0","data":"0"}"#).status, 202);
    thread::scope(|scope| {
        scope.spawn(|| {
            for id in 1..=300 {
                assert_eq!(
                    server
                        .json(&format!(r#"{{"id":"{id}","data":"{id}"}}"#))
                        .status,
                    202
                );
            }
        });
        for _ in 0..10 {
            let mut stream = server.stream("/sse", "last-event-id: 0\r\n");
            stream.expect(": ok\n\n");
            for id in 1..=300 {
                stream.expect(&format!("id: {id}\ndata: {id}\n\n"));
            }
        }
    });
}
