//! The binary: its help, its variables, and how it fails to start.

use std::{
    io::{BufRead as _, BufReader},
    ops::{Deref, DerefMut},
    process::{Child, Command, Output, Stdio},
};

pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sse-server"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.contains("SSE")) {
        command.env_remove(name);
    }
    command
}

fn run(arguments: &[&str]) -> Output {
    binary().args(arguments).output().unwrap()
}

/// Writes the help anew where `UPDATE_SNAPSHOTS` is set.
#[test]
fn the_help_is_as_it_was_and_fits_80_columns() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    assert_eq!(help, String::from_utf8(run(&["-h"]).stdout).unwrap());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/help.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(path, &help).unwrap();
    }
    assert_eq!(help, std::fs::read_to_string(path).unwrap());
    let long = help.lines().find(|line| line.chars().count() > 80);
    assert_eq!(long, None);
}

#[test]
fn every_option_has_its_variable_and_its_default() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    let options = help.split_once("Listening:").unwrap().1;
    let mut seen = 0;
    for text in options
        .split("\n  ")
        .filter(|text| text.trim_start().starts_with('-'))
    {
        let name = text.split_once("--").unwrap().1;
        let name: String = name
            .chars()
            .take_while(|it| *it == '-' || it.is_alphabetic())
            .collect();
        let rest = options.split_once(&format!("--{name}")).unwrap().1;
        let end = rest
            .find("\n  -")
            .or_else(|| rest.find("\n      --"))
            .unwrap_or(rest.len());
        let text = rest[..end].split_whitespace().collect::<Vec<_>>().join(" ");
        let variable = name.to_uppercase().replace('-', "_");
        assert!(
            text.contains(&format!("[env: SSE_SERVER_{variable}]")),
            "{name}: {text}"
        );
        assert!(text.contains("[default: "), "{name}: {text}");
        seen += 1;
    }
    assert!(seen > 40, "{seen} options");
}

#[test]
fn a_wrong_start_is_a_message_that_names_the_option() {
    let check = |arguments: &[&str], message: &str| {
        let output = run(arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(error.contains(message), "{error}");
        assert!(!error.contains("panicked"), "{error}");
    };
    check(&["-c", "0"], "--capacity must be greater than zero");
    check(
        &["-K", "a\rb"],
        "--keep-alive-text must not have a line end",
    );
    check(
        &["--cors-allow-credentials"],
        "--cors-allow-origin must be a list",
    );
    check(
        &["--cors-allow-origin", "*,https://a"],
        "--cors-allow-origin must be a list or *",
    );
    check(
        &["-D", ".", "-S", "/"],
        "--sub-path collides with --serve-static-path",
    );
    check(&["-s", "/nowhere.lua"], "--script");
    check(&["-l", "localhost:80"], "--listen <ADDR:PORT>");
    check(&["-k", "5"], "--keep-alive <DUR>");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    check(
        &["-l", &address],
        &format!("--listen {address} cannot be listened on"),
    );
}

/// A process that is killed when the test is over, however that ends.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Deref for Process {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Process {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

/// Starts the binary, and returns the address that it logs.
pub(crate) fn listening(command: &mut Command) -> (Process, String) {
    let mut child = Process::start(command.stderr(Stdio::piped()));
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = lines.map_while(Result::ok).find_map(|line| {
        let (_, address) = line.split_once("Listening on ")?;
        Some(address.trim().to_owned())
    });
    (child, address.unwrap())
}

#[test]
fn flags_win_over_variables_and_ours_over_the_older_ones() {
    let get = |address: &str, path: &str| {
        let mut client = crate::client::Client::connect(address.parse().unwrap());
        client.send(&format!("HEAD {path} HTTP/1.1\r\nhost: x\r\n"), b"");
        client.response(true).status
    };
    let check = |variables: &[(&str, &str)], arguments: &[&str], path: &str| {
        let mut command = binary();
        command.args(["-l", "127.0.0.1:0"]).args(arguments);
        command.envs(variables.iter().copied());
        let (_process, address) = listening(&mut command);
        let status = get(&address, path);
        assert_eq!(status, 200, "{variables:?} {arguments:?}");
    };
    let older = ("TINYSSE_SUB_PATH", "/older");
    let ours = ("SSE_SERVER_SUB_PATH", "/ours");
    check(&[older], &[], "/older");
    check(&[older, ours], &[], "/ours");
    check(&[older, ours], &["-S", "/flag"], "/flag");
}

#[cfg(unix)]
#[test]
fn sigterm_ends_it_in_order() {
    use nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    };

    let (mut child, address) = listening(binary().args(["-l", "127.0.0.1:0", "--drain", "200ms"]));
    let mut client = crate::client::Client::connect(address.parse().unwrap());
    client.send("GET /sse HTTP/1.1\r\nhost: x\r\n", b"");
    let mut stream = client.stream();
    stream.expect(": ok\n\n");
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    assert!(stream.rest().starts_with("retry: "));
    assert!(child.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_script_that_does_not_come_to_its_end_does_not_keep_the_process() {
    use nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    };

    let texts = [
        "io.stderr:write('begun\\n') while true do end",
        "function startup() io.stderr:write('begun\\n') require 'sleep' (math.huge) end",
    ];
    for (text, signal) in texts.into_iter().zip([Signal::SIGTERM, Signal::SIGINT]) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut command = binary();
        command.args(["-l", "127.0.0.1:0", "-s"]).arg(file.path());
        let mut child = Process::start(command.stderr(Stdio::piped()));
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "begun"));
        let pid = Pid::from_raw(child.id().try_into().unwrap());
        kill(pid, signal).unwrap();
        let start = std::time::Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > crate::client::PATIENCE {
                child.kill().unwrap();
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        };
        assert!(status.success(), "{text}: {status}");
    }
}

#[cfg(unix)]
#[test]
fn without_a_script_there_is_nothing_to_be_loaded_again() {
    use nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    };

    let (mut child, address) = listening(binary().args(["-l", "127.0.0.1:0"]));
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    kill(pid, Signal::SIGHUP).unwrap();
    // Both are listened to, the first one first.
    let mut client = crate::client::Client::connect(address.parse().unwrap());
    client.send("GET /health/live HTTP/1.1\r\nhost: x\r\n", b"");
    assert_eq!(client.response(false).status, 200);
    kill(pid, Signal::SIGTERM).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_log_has_no_headers_and_no_payloads() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = binary();
    command.args(["-l", "127.0.0.1:0", "-L", "debug"]);
    let process = Process::start(command.stderr(log.reopen().unwrap()));
    let start = std::time::Instant::now();
    let read = || std::fs::read_to_string(log.path()).unwrap();
    let address = loop {
        let text = read();
        let line = text
            .lines()
            .find_map(|line| line.split_once("Listening on "));
        if let Some((_, address)) = line {
            break address.trim().parse().unwrap();
        }
        assert!(start.elapsed() < crate::client::PATIENCE);
    };
    let mut client = crate::client::Client::connect(address);
    let head = "POST /sse HTTP/1.1\r\nhost: x\r\nauthorization: Bearer s3cret\r\ncontent-length: 11\r\n\
                content-type: application/x-www-form-urlencoded\r\n";
    client.send(head, b"data=s3cret");
    assert_eq!(client.response(false).status, 202);
    let mut client = crate::client::Client::connect(address);
    client.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let mut client = crate::client::Client::connect(address);
    client.send(
        "GET /sse?token=s3cret HTTP/1.1\r\nhost: x\r\ncookie: s3cret\r\n",
        b"",
    );
    client.stream().expect(": ok\n\n");
    drop(process);
    let text = read();
    assert!(
        text.contains("Listening") && !text.contains("s3cret"),
        "{text}"
    );
}
