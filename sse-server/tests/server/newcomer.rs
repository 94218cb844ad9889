//! The first page of the README, typed as it is printed.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use crate::client::Client;

/// The three commands.
fn commands() -> Vec<&'static str> {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("## From nothing to a live page").unwrap();
    let (_, block) = section.split_once("```sh\n").unwrap();
    block.split_once("```").unwrap().0.lines().collect()
}

/// A shell that is typed into, in which the binary is found, and listens on a port that is free.
struct Shell {
    child: Child,
    input: ChildStdin,
}

impl Shell {
    fn begin(directory: &Path) -> Self {
        let binary = Path::new(env!("CARGO_BIN_EXE_sse-server"));
        let path = format!("{}:{}", binary.parent().unwrap().display(), env!("PATH"));
        let mut shell = Command::new("sh");
        shell.arg("-s").current_dir(directory);
        shell
            .env("PATH", path)
            .env("SSE_SERVER_LISTEN", "127.0.0.1:0");
        let pipes = shell.stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        Self { child, input }
    }

    fn types(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // What it started in the background is to end with the test.
        let _ = writeln!(self.input, "kill $!; exit");
        let _ = self.child.wait();
    }
}

#[test]
fn three_commands_make_a_live_page() {
    let [make, serve, publish] = commands()[..] else {
        panic!("there are not three commands");
    };
    let directory = tempfile::tempdir().unwrap();
    let mut shell = Shell::begin(directory.path());
    shell.types(make);
    shell.types(serve);
    let lines = BufReader::new(shell.child.stderr.take().unwrap()).lines();
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
    // For the reader it is the port by default.
    shell.types(&format!("export SSE_SERVER_URL=http://{address}/sse"));
    shell.types(publish);
    stream.expect("data: hello, page\n\n");
}
