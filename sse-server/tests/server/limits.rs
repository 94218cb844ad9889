//! What one client, and all together, may take.

use std::time::{Duration, Instant};

use crate::{client::Client, command_line::listening, running::Running};

#[test]
fn a_head_has_a_greatest_size_and_a_greatest_number_of_headers() {
    let server = Running::new();
    let long = |length: usize| {
        format!(
            "GET /sse HTTP/1.1\r\nhost: x\r\nx: {}\r\n",
            "y".repeat(length)
        )
    };
    assert_eq!(
        server
            .stream("/sse", &format!("x: {}\r\n", "y".repeat(15_000)))
            .head
            .status,
        200
    );
    assert_eq!(server.send(&long(17_000), b"").status, 431);
    let many = |count: usize| {
        let headers: Vec<_> = (0..count).map(|n| format!("x{n}: y\r\n")).collect();
        let headers = headers.concat();
        format!("GET /health/live HTTP/1.1\r\n{headers}")
    };
    assert_eq!(server.send(&many(100), b"").status, 200);
    assert_eq!(server.send(&many(101), b"").status, 431);
}

#[test]
fn a_head_that_does_not_come_is_not_waited_for() {
    let server = Running::with(&["--head-timeout", "300ms"]);
    for start in ["", "P", "PRI * HTT", "GET /sse HTTP/1.1\r\nhost"] {
        let mut client = server.client();
        client.raw(start.as_bytes());
        let began = Instant::now();
        assert!(client.is_closed(), "{start:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "{start:?}");
    }
    // A stream is no head.
    let mut stream = server.subscribe();
    std::thread::sleep(Duration::from_millis(500));
    server.publish("x");
    stream.expect("data: x\n\n");
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Running::with(&["--body-timeout", "200ms"]);
    let head =
        "POST /sse HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n";
    server
        .send(head, b"{")
        .check_error(408, "the body took too long");
}

#[test]
fn one_connection_too_many_is_asked_to_come_later() {
    let server = Running::with(&["--max-connections", "2"]);
    let mut held = [server.subscribe(), server.subscribe()];
    // A browser gives up for ever on every status but 200.
    let mut soft = server.stream("/sse", "");
    soft.expect(": ok\n\n");
    let retry = soft.next().unwrap();
    let millis = retry
        .strip_prefix("retry: ")
        .and_then(|it| it.trim_end().parse::<u64>().ok());
    assert!((15_000..=45_000).contains(&millis.unwrap()), "{retry}");
    assert_eq!(soft.next(), None);
    let reply = server.send("GET /sse HTTP/1.1\r\nhost: x\r\nprefer: status\r\n", b"");
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (503, Some("5"))
    );
    let reply = server.json(r#"{"data":"x"}"#);
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (503, Some("5"))
    );
    assert_eq!(reply.header("connection"), Some("close"));
    assert_eq!(server.get("/health/ready").status, 200);
    // One goes, and another is welcome.
    let [gone, stays] = &mut held;
    let _ = stays;
    std::mem::drop(std::mem::replace(gone, server.stream("/sse", "")));
    let start = Instant::now();
    while server.json(r#"{"data":"x"}"#).status != 202 {
        assert!(start.elapsed() < crate::client::PATIENCE);
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// In a process of its own, whose limit is nobody else's.
#[test]
#[cfg(unix)]
fn nine_tenths_of_the_files_that_may_be_open_are_for_connections() {
    let mut command = std::process::Command::new("sh");
    command.args([
        "-c",
        "ulimit -Sn 64 && ulimit -Hn 200 && exec \"$0\" -l 127.0.0.1:0",
    ]);
    command.arg(env!("CARGO_BIN_EXE_sse-server"));
    let (_process, address) = listening(&mut command);
    let subscribe = || {
        let mut client = Client::connect(address.parse().unwrap());
        client.send("GET /sse HTTP/1.1\r\nhost: x\r\nprefer: status\r\n", b"");
        client.stream()
    };
    let held: Vec<_> = (0..180).map(|_| subscribe()).collect();
    assert!(held.iter().all(|stream| stream.head.status == 200));
    assert_eq!(subscribe().head.status, 503, "one more than nine tenths");
}

#[test]
fn an_address_may_have_a_number_and_a_rate() {
    let server = Running::with(&["--max-address-connections", "1"]);
    let _held = server.subscribe();
    assert_eq!(server.json(r#"{"data":"x"}"#).status, 503);
    let server = Running::with(&["--address-rate", "3"]);
    let statuses: Vec<_> = (0..5)
        .map(|_| server.json(r#"{"data":"x"}"#).status)
        .collect();
    assert_eq!(statuses[..3], [202, 202, 202]);
    assert!(statuses[3..].contains(&503), "{statuses:?}");
    let server = Running::with(&["--connection-rate", "3"]);
    let statuses: Vec<_> = (0..5)
        .map(|_| server.json(r#"{"data":"x"}"#).status)
        .collect();
    assert!(statuses[3..].contains(&503), "{statuses:?}");
}

#[test]
fn an_address_that_says_nothing_does_not_keep_others_out() {
    let server = Running::with(&["--max-handshakes", "2", "--head-timeout", "400ms"]);
    let silent: Vec<_> = (0..4).map(|_| server.client()).collect();
    // It waits its turn until those in front of it have run out of time.
    let start = Instant::now();
    let mut late = Client::connect(server.address);
    late.send("GET /health/live HTTP/1.1\r\nhost: x\r\n", b"");
    assert!(late.is_silent_for(Duration::from_millis(200)));
    for mut client in silent {
        assert!(client.is_closed());
    }
    let mut after = server.client();
    after.send("GET /health/live HTTP/1.1\r\nhost: x\r\n", b"");
    assert_eq!(after.response(false).status, 200);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_client_that_takes_nothing_is_cut() {
    let server = Running::with(&["--write-timeout", "2s", "--send-buffer", "16KiB"]);
    let mut stalled = server.subscribe();
    let mut witness = server.subscribe();
    let start = Instant::now();
    let mut publish = |data: String| {
        let text = server
            .json(&serde_json::json!({ "data": data }).to_string())
            .text();
        witness.expect(&format!("data: {data}\n\n"));
        assert!(start.elapsed() < crate::client::PATIENCE, "{text}");
        text
    };
    // Until the kernel takes no more for it; the hub alone would wait for 8 MiB or 30 s.
    let mut rest = 8 * 1024 * 1024;
    let is_behind = |receipt: &str| {
        let (_, queued) = receipt.split_once("\"queued\":").unwrap();
        queued.split(',').next().unwrap().parse::<u32>().unwrap() >= 8
    };
    while !is_behind(&publish("x".repeat(60_000))) {
        rest -= 60_000;
        assert!(rest > 0, "the kernel takes everything");
    }
    while !publish(String::from("x")).ends_with(r#""subscribers":1}"#) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(stalled.is_cut());
}

#[test]
fn patterns_have_a_length_and_a_number() {
    let server = Running::with(&["--max-patterns", "2"]);
    let long = format!("/sse?topic={}/*", "x".repeat(255));
    server
        .get(&long)
        .check_error(400, "a pattern may have at most 256 bytes");
    let held = [
        server.stream("/sse?topic=a/*&topic=plain", ""),
        server.stream("/sse?topic=a/*&topic=b/*", ""),
    ];
    let refused = server.stream("/sse?topic=c/*", "").rest();
    assert!(refused.starts_with(": ok\n\nretry: "), "{refused}");
    let again = server.stream("/sse?topic=b/*&topic=d", "");
    drop((held, again));
    let start = Instant::now();
    loop {
        let _late = server.stream("/sse?topic=c/*", "");
        let receipt = server.json(r#"{"data":"x","topic":"c/d"}"#);
        if receipt.text().ends_with(r#""subscribers":1}"#) {
            break;
        }
        assert!(start.elapsed() < crate::client::PATIENCE);
    }
}
