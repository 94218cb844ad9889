//! The commands that the READMEs print, run as they stand.

use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;

use super::server::Server;
use super::{clients, servers};
use crate::job::Job;
use crate::report::Report;
use crate::workspace;

/// Runs the commands of each README; each is a test.
pub(super) fn run(report: &mut Report) -> Result<()> {
    for file in ["README.md", "examples/README.md"] {
        let path = workspace::root().join(file);
        let text = fs::read_to_string(&path).with_context(|| file.to_owned())?;
        for block in blocks(&text) {
            run_block(report, file, &block);
        }
    }
    Ok(())
}

/// Servers stay until the end of their block, so that the commands after them can talk to them.
fn run_block(report: &mut Report, file: &str, commands: &[String]) {
    let mut servers = Vec::new();
    for command in commands {
        match run_command(command, &mut servers) {
            Ok(Outcome::Ran) => report.pass(),
            Ok(Outcome::LeftOut(why)) => {
                report.note(format!("{file}: `{command}` is left out: {why}"));
            }
            Err(error) => report.fail(format!("{file}: `{command}`: {error:#}")),
        }
    }
    for (mut server, ends_well) in servers {
        if !ends_well {
            continue;
        }
        server.signal(Signal::SIGTERM);
        if let Err(error) = server.ended() {
            report.fail(format!("{file}: {error:#}"));
        }
    }
}

enum Outcome {
    Ran,
    LeftOut(&'static str),
}

fn run_command(command: &str, servers: &mut Vec<(Server, bool)>) -> Result<Outcome> {
    if let Some((_, why)) = LEFT_OUT
        .iter()
        .find(|(start, _)| command.starts_with(start))
    {
        return Ok(Outcome::LeftOut(why));
    }
    let example = command.split("--bin ").nth(1);
    let example = example.and_then(|rest| rest.split(' ').next());
    if let Some(name) = example.filter(|name| servers::serves(name) || clients::serves(name)) {
        wait_for_port(command)?;
        let server = Server::spawn(name, &mut shell(command))?;
        let url = server.line()?;
        ensure!(url.starts_with("http://"), "its first line is {url:?}");
        servers.push((server, servers::ends_well(name)));
        return Ok(Outcome::Ran);
    }
    if command.starts_with("curl -N ") || example.is_some_and(clients::follows) {
        // An event stream does not end by itself: the first line of an event is enough.
        let reader = Server::spawn(example.unwrap_or("curl"), &mut shell(command))?;
        while reader.line()?.is_empty() {}
        return Ok(Outcome::Ran);
    }
    let finished = Job::new("sh").args(["-c", command]).run()?;
    ensure!(finished.success, finished.complaint());
    Ok(Outcome::Ran)
}

/// Lets the shell become the command, so that a signal and an exit code are the command's own.
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec env {command}")]);
    shell
}

/// Commands in a README use real ports, on which something else may still be ending.
fn wait_for_port(command: &str) -> Result<()> {
    let port = command.strip_prefix("PORT=");
    let port = port
        .and_then(|rest| rest.split(' ').next())
        .unwrap_or("3000");
    let port: u16 = port.parse().with_context(|| command.to_owned())?;
    let start = Instant::now();
    while let Err(error) = TcpListener::bind(("127.0.0.1", port)) {
        ensure!(
            start.elapsed() < PATIENCE,
            "port {port} is not free: {error}"
        );
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// The commands in the blocks marked `sh`, block by block.
fn blocks(text: &str) -> Vec<Vec<String>> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while lines.any(|line| line == "```sh") {
        let block = lines.by_ref().take_while(|line| *line != "```");
        let commands = block.map(|line| line.split(" # ").next().unwrap_or_default().trim());
        let commands = commands.filter(|line| !line.is_empty() && !line.starts_with('#'));
        blocks.push(commands.map(str::to_owned).collect());
    }
    blocks
}

/// How commands begin that are not run, and why.
const LEFT_OUT: [(&str, &str); 5] = [
    ("cargo xtask ci", "it is what runs this"),
    ("cargo xtask examples", "it is what runs this"),
    ("cargo xtask browser", "the step browser runs it"),
    ("cargo xtask bench", "the step bench-smoke runs it in short"),
    ("cargo add", "it would change this tree"),
];

/// How long to wait for a port.
const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_taken_block_by_block_without_comments() {
        let text = "a\n```sh\ncargo build # quick\n\n# note\nPORT=1 cargo run\n```\n\
                    ```toml\nx = 1\n```\n- list\n  ```sh\n  curl -N x\n  ```\n";
        assert_eq!(
            blocks(text),
            [vec!["cargo build", "PORT=1 cargo run"], vec!["curl -N x"]]
        );
    }
}
