//! `pub`, `sub` and `lint`.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use crate::{command_line::binary, running::Running};

fn url(server: &Running) -> String {
    format!("http://{}/sse", server.address)
}

/// Runs a command with a text as its input; returns whether it succeeded, and what it printed.
fn run(command: &mut Command, input: &str) -> (bool, String, String) {
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn pub_publishes_fields_standard_input_and_lines() {
    let server = Running::new();
    let mut stream = server.subscribe();
    let url = url(&server);
    let publish = |arguments: &[&str], input: &str| {
        run(binary().args(["pub", "--url", &url]).args(arguments), input)
    };
    let (succeeded, printed, _) = publish(&["hello", "-e", "greeting", "-i", "1"], "");
    assert_eq!(
        (succeeded, &*printed),
        (true, "{\"queued\":1,\"subscribers\":1}\n")
    );
    stream.expect("id: 1\nevent: greeting\ndata: hello\n\n");
    assert!(publish(&[], "two\nlines\n").0);
    stream.expect("data: two\ndata: lines\n\n");
    assert!(publish(&["--ndjson"], "{\"data\":\"a\"}\n{\"data\":\"b\"}\n").0);
    stream.expect("data: a\n\n");
    stream.expect("data: b\n\n");
    assert!(publish(&["elsewhere", "-t", "room/a"], "").0);
    let (succeeded, _, error) = publish(&["x", "-i", "a\nb"], "");
    assert!(
        !succeeded && error.contains("id must not have a line end"),
        "{error}"
    );
}

#[test]
fn sub_follows_and_comes_back_behind_the_last_event() {
    let server = Running::with(&["-t", "300ms", "-r", "50ms"]);
    let target = url(&server);
    let mut command = binary();
    command.args(["sub", &target, "--json", "-n", "3"]);
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    let start = std::time::Instant::now();
    while server
        .json(r#"{"comment":["is anybody there"]}"#)
        .text()
        .contains("\"subscribers\":0")
    {
        assert!(start.elapsed() < crate::client::PATIENCE);
    }
    let first = r#"{"data":"first","id":"1","event":"e"}"#;
    assert_eq!(server.json(first).status, 202);
    for id in 2..=3 {
        std::thread::sleep(std::time::Duration::from_millis(400));
        assert_eq!(
            server
                .json(&format!(r#"{{"data":"d","id":"{id}"}}"#))
                .status,
            202
        );
    }
    let printed = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let lines = [
        r#"{"id":"1","event":"e","data":"first"}"#,
        r#"{"id":"2","event":"message","data":"d"}"#,
        r#"{"id":"3","event":"message","data":"d"}"#,
    ];
    assert_eq!(printed.lines().collect::<Vec<_>>(), lines);
    let (succeeded, _, error) = run(binary().args(["sub", "--once", &format!("{target}x")]), "");
    assert!(!succeeded && error.contains("404"), "{error}");
}

#[test]
fn lint_finds_faults_by_line_and_column() {
    let (clean, printed, _) = run(binary().arg("lint"), ": ok\n\ndata: x\n\n");
    assert_eq!((clean, &*printed), (true, ""));
    let (clean, printed, _) = run(binary().arg("lint"), "data: x\nretry: 1s\n\n");
    assert!(
        !clean && printed.starts_with("-: line 2, column 9: retry is ignored"),
        "{printed}"
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "Data: 1\n\n").unwrap();
    let path = file.path().to_str().unwrap();
    let (clean, printed, _) = run(binary().args(["lint", path]), "");
    assert!(
        !clean && printed.starts_with(&format!("{path}: line 1, column 1:")),
        "{printed}"
    );
    assert!(!run(binary().args(["lint", "/nowhere"]), "").0);
    let server = Running::with(&["-t", "100ms"]);
    let (clean, printed, error) = run(binary().args(["lint", &url(&server)]), "");
    assert!(clean, "{printed}{error}");
}
