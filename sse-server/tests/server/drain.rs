//! The end of a server.

use std::time::{Duration, Instant};

use crate::running::Running;

#[test]
fn streams_end_over_the_window_each_with_a_time_to_come_back() {
    let server = Running::with(&["--drain", "1s", "--reconnect-rate", "10"]);
    let streams: Vec<_> = (0..20).map(|_| server.subscribe()).collect();
    let start = Instant::now();
    server.stop.stop();
    while server.get("/health/ready").status == 200 {
        assert!(start.elapsed() < crate::client::PATIENCE);
    }
    let unready = server.get("/health/ready");
    unready.check(503, Some("application/json"), r#"{"status":"draining"}"#);
    assert_eq!(server.get("/health/live").status, 200);
    // New ones are asked to come later, and publishing goes on.
    let soft = server.stream("/sse", "").rest();
    assert!(soft.starts_with(": ok\n\nretry: "), "{soft}");
    let last = server.json(r#"{"data":"last"}"#);
    assert_eq!(last.status, 202);
    let mut times = Vec::new();
    let mut got_the_last = 0;
    for stream in streams {
        let rest = stream.rest();
        got_the_last += usize::from(rest.starts_with("data: last\n\n"));
        let retry = rest.rsplit_once("retry: ").unwrap().1;
        times.push(retry.trim_end().parse::<u64>().unwrap());
    }
    assert!(start.elapsed() >= Duration::from_millis(700));
    assert!(got_the_last > 0);
    // 20 at 10 a second: from one second to three.
    assert!(
        times.iter().all(|time| (1_000..=3_000).contains(time)),
        "{times:?}"
    );
    times.sort_unstable();
    times.dedup();
    assert!(times.len() > 10, "{times:?}");
}

#[test]
fn without_streams_the_end_comes_at_once() {
    let server = Running::with(&["--drain", "1h"]);
    let start = Instant::now();
    drop(server.get("/health/live"));
    server.stop.stop();
    while std::net::TcpStream::connect(server.address).is_ok() {
        assert!(start.elapsed() < crate::client::PATIENCE);
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_second_signal_ends_what_is_left() {
    let server = Running::with(&["--drain", "1h"]);
    let first = server.subscribe();
    let second = server.subscribe();
    server.stop.stop();
    server.stop.stop();
    for stream in [first, second] {
        assert!(stream.rest().starts_with("retry: "));
    }
}

#[test]
fn on_the_hubs_wire_the_end_bears_a_position() {
    let server = Running::with(&["--drain", "100ms", "--ids", "hub"]);
    let mut stream = server.stream("/sse", "");
    assert!(stream.next().unwrap().starts_with("id: "));
    server.publish("x");
    let event = stream.next().unwrap();
    let (id, _) = event.split_once('\n').unwrap();
    server.stop.stop();
    let end = stream.rest();
    let expected = format!("{id}\nevent: hub.close\nretry: ");
    assert!(end.starts_with(&expected), "{end}");
    assert!(end.ends_with("data: {\"reason\":\"drain\"}\n\n"), "{end}");
}
