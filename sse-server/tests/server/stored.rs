//! `--store file:PATH`: what was acknowledged is there after any end.

use std::fs;

use serde_json::Value;

use crate::{client::Stream, command_line::binary, running::Running};

/// A directory, gone when it is dropped, and its option.
struct Store(tempfile::TempDir);

impl Store {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn option(&self) -> String {
        format!("file:{}", self.0.path().display())
    }

    fn start(&self, arguments: &[&str]) -> Running {
        let option = self.option();
        let own = ["--store", &option];
        Running::with(&own.iter().chain(arguments).copied().collect::<Vec<_>>())
    }
}

/// The id of the next block that has one.
fn next_id(stream: &mut Stream) -> String {
    loop {
        let block = stream.next().unwrap();
        if let Some(id) = block.lines().find_map(|line| line.strip_prefix("id: ")) {
            return id.to_owned();
        }
    }
}

#[test]
fn who_comes_back_after_a_restart_is_complete_and_ids_go_on() {
    let store = Store::new();
    let server = store.start(&[]);
    let mut stream = server.stream("/sse", "");
    let start = next_id(&mut stream);
    server.publish("a");
    let first = next_id(&mut stream);
    server.publish("b");
    drop((stream, server));

    let server = store.start(&[]);
    server.publish("c");
    for (from, expected) in [(&start, &["a", "b", "c"][..]), (&first, &["b", "c"])] {
        let mut resumed = server.stream("/sse", &format!("last-event-id: {from}\r\n"));
        assert_eq!(resumed.head.header("sse-resume"), Some("complete"));
        let _opening = resumed.next();
        for data in expected {
            let block = resumed.next().unwrap();
            assert!(block.ends_with(&format!("\ndata: {data}\n\n")), "{block}");
        }
    }
    let (epoch, _) = first.split_once('-').unwrap();
    let mut latest = server.stream("/sse", "");
    assert!(next_id(&mut latest).starts_with(&format!("{epoch}-3-")));
}

#[test]
fn a_script_is_given_the_same_publication_after_a_restart() {
    let store = Store::new();
    let script = store.0.path().join("script.lua");
    let text = r#"
        function publish(pub) pub.tag = "t:" .. pub.req.headers["x-tag"] return pub end
        function message(pub, sub) pub.msg.data = pub.msg.data .. " " .. pub.tag return pub end
    "#;
    fs::write(&script, text).unwrap();
    let script = script.to_str().unwrap().to_owned();
    let server = store.start(&["-s", &script]);
    let mut stream = server.stream("/sse", "");
    let start = next_id(&mut stream);
    let head = "POST /sse HTTP/1.1\r\nhost: x\r\nx-tag: 7\r\ncontent-type: application/json\r\n";
    let body = br#"{"data":"a"}"#;
    let head = format!("{head}content-length: {}\r\n", body.len());
    assert_eq!(server.send(&head, body).status, 202);
    let live = stream.next().unwrap();
    assert!(live.ends_with("data: a t:7\n\n"), "{live}");
    drop((stream, server));

    let server = store.start(&["-s", &script]);
    let mut resumed = server.stream("/sse", &format!("last-event-id: {start}\r\n"));
    let _opening = resumed.next();
    assert_eq!(resumed.next().unwrap(), live);
}

#[test]
fn a_directory_is_inspected_and_damage_is_named_and_recovered_from_when_asked() {
    let store = Store::new();
    let path = store.0.path().to_str().unwrap().to_owned();
    let server = store.start(&[]);
    for data in ["a", "b", "c"] {
        server.publish(data);
    }
    let running = binary()
        .args(["inspect", &path, "--json"])
        .output()
        .unwrap();
    assert!(running.status.success(), "{running:?}");
    drop(server);
    let found: Value = serde_json::from_slice(&running.stdout).unwrap();
    assert_eq!(
        (&found["first"], &found["head"], &found["entries"]),
        (&1.into(), &3.into(), &3.into())
    );
    let file = found["segments"][0]["file"].as_str().unwrap();
    let segment = store.0.path().join(file);
    let mut bytes = fs::read(&segment).unwrap();
    bytes[60] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let damaged = binary().args(["inspect", &path]).output().unwrap();
    assert!(!damaged.status.success());
    let printed = String::from_utf8(damaged.stdout).unwrap();
    assert!(
        printed.contains(&format!("DAMAGE   {file} at byte 36\n")),
        "{printed}"
    );
    let option = store.option();
    let refused = binary()
        .args(["-l", "127.0.0.1:0", "--store", &option])
        .output()
        .unwrap();
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(
        error.contains(&format!("--store: the log is damaged: {file} at byte 36")),
        "{error}"
    );
    let server = store.start(&["--store-recover"]);
    server.publish("d");
}
