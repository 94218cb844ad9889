//! The first page of the README, run as it is printed.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::client::Client;

/// The three commands.
fn commands() -> Vec<&'static str> {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("## From nothing to a live page").unwrap();
    let (_, block) = section.split_once("```sh\n").unwrap();
    block.split_once("```").unwrap().0.lines().collect()
}

/// A shell in which the binary is found, and which chooses a port that is free.
fn shell(directory: &Path, command: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_sse-server"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), env!("PATH"));
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(directory);
    shell
        .env("PATH", path)
        .env("SSE_SERVER_LISTEN", "127.0.0.1:0");
    shell
}

struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn three_commands_make_a_live_page() {
    let [make, serve, publish] = commands()[..] else {
        panic!("there are not three commands");
    };
    let directory = tempfile::tempdir().unwrap();
    assert!(shell(directory.path(), make).status().unwrap().success());
    // The shell would leave it behind; here it is to end with the test.
    let serve = format!("exec {}", serve.strip_suffix(" &").unwrap());
    let child = shell(directory.path(), &serve)
        .stderr(Stdio::piped())
        .spawn();
    let mut server = Stopped(child.unwrap());
    let lines = BufReader::new(server.0.stderr.take().unwrap()).lines();
    let address = lines.map_while(Result::ok).find_map(|line| {
        let (_, address) = line.split_once("Listening on ")?;
        Some(address.trim().to_owned())
    });
    let address = address.unwrap();
    let connect = || Client::connect(address.parse().unwrap());
    let mut page = connect();
    page.send("GET / HTTP/1.1\r\nhost: x\r\n", b"");
    assert!(
        page.response(false)
            .text()
            .contains("new EventSource(\"/sse\")")
    );
    let mut stream = connect();
    stream.send("GET /sse HTTP/1.1\r\nhost: x\r\n", b"");
    let mut stream = stream.stream();
    stream.expect(": ok\n\n");
    let mut publish = shell(directory.path(), publish);
    let published = publish.env("SSE_SERVER_URL", format!("http://{address}/sse"));
    assert!(published.status().unwrap().success());
    stream.expect("data: hello, page\n\n");
}
