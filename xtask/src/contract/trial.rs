//! A row on a server, step by step.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::contract::client::{Connection, Stream};
use crate::contract::exchange::{check_headers, is_like, request, send_to};
use crate::contract::row::{Leave, Logs, Open, Row, Send, Step, Together};
use crate::contract::server::{Program, Server};

/// What the steps of a row are done with.
#[derive(Debug)]
pub(crate) struct Trial {
    /// Where requests go.
    pub(crate) address: SocketAddr,
    pub(crate) program: Option<Program>,
    pub(crate) server: Option<Server>,
    pub(crate) patience: Duration,
    streams: HashMap<String, Stream>,
}

impl Trial {
    pub(crate) fn new(address: SocketAddr, patience: Duration) -> Self {
        Self {
            address,
            program: None,
            server: None,
            patience,
            streams: HashMap::new(),
        }
    }

    /// Does what the row says.
    ///
    /// # Errors
    ///
    /// The server did something else.
    pub(crate) fn run(&mut self, row: &Row) -> Result<()> {
        for (index, step) in row.steps.iter().enumerate() {
            self.step(step)
                .with_context(|| format!("step {}", index + 1))?;
        }
        if !row.lua.is_empty() {
            self.evaluate(&row.lua)?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Send(send) => self.send(send),
            Step::Until(send) => self.until(send),
            Step::Together(together) => self.together(together),
            Step::Leave(leave) => self.leave(leave),
            Step::Open(open) => self.open(open),
            Step::Read(read) => self.read(&read.name, &read.blocks),
            Step::End(name) => {
                let next = self.stream(name)?.next()?;
                ensure!(next.is_none(), "{next:?}, not the end");
                Ok(())
            }
            Step::Close(name) => {
                self.streams
                    .remove(name)
                    .with_context(|| format!("no stream {name}"))?;
                Ok(())
            }
            Step::Wait(milliseconds) => {
                thread::sleep(Duration::from_millis(*milliseconds));
                Ok(())
            }
            Step::Signal(name) => self
                .server
                .as_ref()
                .context("no server of its own")?
                .signal(name),
            Step::Exit(code) => {
                let patience = self.patience;
                self.server
                    .as_mut()
                    .context("no server of its own")?
                    .exit(*code, patience)
            }
            Step::Script(lines) => self
                .program
                .as_ref()
                .context("no program")?
                .write_script(&lines.join("\n")),
            Step::Run(run) => {
                let server = self.server.as_ref().map(|server| server.address);
                self.program
                    .as_ref()
                    .context("no program")?
                    .run(run, server, self.patience)
            }
            Step::Logs(logs) => self.logs(logs),
        }
    }

    fn stream(&mut self, name: &str) -> Result<&mut Stream> {
        self.streams
            .get_mut(name)
            .with_context(|| format!("no stream {name}"))
    }

    fn send(&self, send: &Send) -> Result<()> {
        send_to(self.address, self.patience, send)
    }

    fn until(&self, send: &Send) -> Result<()> {
        let start = Instant::now();
        loop {
            match self.send(send) {
                Ok(()) => return Ok(()),
                Err(error) if start.elapsed() > self.patience => return Err(error.context("still")),
                Err(_) => thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    fn logs(&self, logs: &Logs) -> Result<()> {
        let program = self.program.as_ref().context("no program")?;
        let start = Instant::now();
        loop {
            let log = program.printed();
            let missing = logs.has.iter().find(|part| !log.contains(*part));
            let Some(missing) = missing else {
                let wrong = logs.lacks.iter().find(|part| log.contains(*part));
                ensure!(wrong.is_none(), "the log has {wrong:?}:\n{log}");
                return Ok(());
            };
            ensure!(
                start.elapsed() < self.patience,
                "the log lacks {missing:?}:\n{log}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn together(&self, together: &Together) -> Result<()> {
        let (address, patience) = (self.address, self.patience);
        thread::scope(|scope| {
            let client = |_| scope.spawn(move || send_to(address, patience, &together.send));
            let clients: Vec<_> = (0..together.clients).map(client).collect();
            for client in clients {
                client
                    .join()
                    .unwrap_or_else(|_| bail!("a client panicked"))?;
            }
            Ok(())
        })
    }

    fn leave(&self, leave: &Leave) -> Result<()> {
        let mut connection = Connection::open(self.address, self.patience)?;
        connection.send(&request(&format!("GET {}", leave.target), &[], None, None));
        thread::sleep(Duration::from_millis(leave.after));
        Ok(())
    }

    fn open(&mut self, open: &Open) -> Result<()> {
        let mut connection = Connection::open(self.address, self.patience)?;
        connection.send(&request(
            &format!("GET {}", open.target),
            &open.headers,
            None,
            None,
        ));
        let head = connection.head()?;
        ensure!(head.status == 200, "{}, not a stream", head.status);
        check_headers(&head, &open.has, &open.lacks)?;
        self.streams
            .insert(open.name.clone(), connection.into_stream(&head)?);
        self.read(&open.name, &open.blocks)
    }

    fn read(&mut self, name: &str, blocks: &[String]) -> Result<()> {
        let stream = self.stream(name)?;
        for expected in blocks {
            let block = stream
                .next()
                .with_context(|| format!("waiting for {expected:?}"))?;
            let block = block.with_context(|| format!("the end, not {expected:?}"))?;
            ensure!(is_like(&block, expected), "{block:?}, not {expected:?}");
        }
        Ok(())
    }

    /// Has the script evaluate each expression, and compares what it publishes in their place.
    fn evaluate(&mut self, cases: &[(String, String)]) -> Result<()> {
        let open = Open {
            name: "lua".to_owned(),
            target: "/sse".to_owned(),
            headers: Vec::new(),
            has: Vec::new(),
            lacks: Vec::new(),
            blocks: vec![": ok\n\n".to_owned()],
        };
        self.open(&open)?;
        for (number, (expression, expected)) in (1..).zip(cases) {
            let body = format!("data={number}");
            let headers = vec!["content-type: application/x-www-form-urlencoded".to_owned()];
            let mut connection = Connection::open(self.address, self.patience)?;
            connection.send(&request("POST /sse", &headers, Some(body.as_bytes()), None));
            let answer = connection.answer("POST")?;
            ensure!(
                answer.status == 202,
                "{expression}: {} {:?}",
                answer.status,
                answer.text()
            );
            let lines = expected.split('\n').map(|line| format!("data: {line}\n"));
            let block = lines.collect::<String>() + "\n";
            self.read("lua", &[block])
                .with_context(|| expression.clone())?;
        }
        Ok(())
    }
}

/// The script that evaluates expressions: the data of a message is the number of one.
pub(crate) fn evaluator(script: &[String], cases: &[(String, String)]) -> String {
    let mut lines = script.to_vec();
    lines.push("local cases = {".to_owned());
    lines.extend(
        cases
            .iter()
            .map(|(expression, _)| format!("  function() return {expression} end,")),
    );
    lines.push("}".to_owned());
    lines.push("function publish(pub)".to_owned());
    lines.push(
        "  local ok, value = pcall(cases[math.tointeger(tonumber(pub.msg.data))])".to_owned(),
    );
    lines.push("  pub.msg.data = ok and tostring(value) or \"raises\"".to_owned());
    lines.push("  return pub".to_owned());
    lines.push("end".to_owned());
    lines.join("\n")
}
