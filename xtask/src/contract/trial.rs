//! A row on a server, step by step.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::contract::client::{Answer, Connection, Stream};
use crate::contract::row::{Leave, Open, Row, Send, Step, Together};
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
                .write_script(lines),
            Step::Run(run) => {
                let server = self.server.as_ref().map(|server| server.address);
                self.program
                    .as_ref()
                    .context("no program")?
                    .run(run, server, self.patience)
            }
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

fn send_to(address: SocketAddr, patience: Duration, send: &Send) -> Result<()> {
    let (method, _) = send
        .request
        .split_once(' ')
        .context("a request has a method and a target")?;
    let mut connection = Connection::open(address, patience)?;
    let body = send.body.as_ref().map(|body| body.to_text().into_bytes());
    connection.send(&request(
        &send.request,
        &send.headers,
        body.as_deref(),
        send.chunks,
    ));
    let answer = connection.answer(method)?;
    let text = answer.text();
    ensure!(
        answer.status == send.status,
        "{} {text:?}, not {}",
        answer.status,
        send.status
    );
    check_headers(&answer, &send.has, &send.lacks)?;
    if let Some(expected) = &send.answer {
        ensure!(text == *expected, "{text:?}, not {expected:?}");
    }
    for part in &send.contains {
        ensure!(text.contains(part), "{text:?} has no {part:?}");
    }
    for part in &send.hides {
        ensure!(!text.contains(part), "{text:?} has {part:?}");
    }
    Ok(())
}

/// The script that evaluates expressions: the data of a message is the number of one.
pub(crate) fn evaluator(script: &[String], cases: &[(String, String)]) -> Vec<String> {
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
    lines
}

/// Whether a block is the expected one, in which `{n}` is a whole number and `{word}` any word.
fn is_like(block: &str, expected: &str) -> bool {
    let Some((before, rest)) = expected.split_once('{') else {
        return block == expected;
    };
    let Some((kind, after)) = rest.split_once('}') else {
        return block == expected;
    };
    let is_part: fn(&char) -> bool = match kind {
        "n" => char::is_ascii_digit,
        "word" => |c| !c.is_whitespace(),
        _ => return block == expected,
    };
    let Some(rest) = block.strip_prefix(before) else {
        return false;
    };
    let length = rest
        .chars()
        .take_while(is_part)
        .map(char::len_utf8)
        .sum::<usize>();
    length > 0 && is_like(&rest[length..], after)
}

fn check_headers(answer: &Answer, has: &[String], lacks: &[String]) -> Result<()> {
    for line in has {
        let Some((name, value)) = line.split_once(": ") else {
            bail!("no header line: {line}");
        };
        let values = answer.values(name);
        ensure!(
            values.len() == 1 && is_like(values[0], value),
            "{name}: {values:?}, not {value:?}"
        );
    }
    for name in lacks {
        let values = answer.values(name);
        ensure!(values.is_empty(), "{name}: {values:?}, not absent");
    }
    Ok(())
}

/// The bytes of a request; `{ff}` in a header is a byte that is no UTF-8.
fn request(line: &str, headers: &[String], body: Option<&[u8]>, chunks: Option<usize>) -> Vec<u8> {
    let mut bytes = format!("{line} HTTP/1.1\r\nhost: x\r\n").into_bytes();
    for header in headers {
        for (index, part) in header.split("{ff}").enumerate() {
            if index > 0 {
                bytes.push(0xff);
            }
            bytes.extend(part.as_bytes());
        }
        bytes.extend(b"\r\n");
    }
    match (body, chunks) {
        (None, _) => bytes.extend(b"\r\n"),
        (Some(body), None) => {
            bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
            bytes.extend(body);
        }
        (Some(body), Some(size)) => {
            bytes.extend(b"transfer-encoding: chunked\r\n\r\n");
            for chunk in body.chunks(size.max(1)) {
                bytes.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_is_filled_by_a_number_or_a_word_and_by_nothing_else() {
        assert!(is_like("retry: 25\n\n", "retry: {n}\n\n"));
        assert!(!is_like("retry: \n\n", "retry: {n}\n\n"));
        assert!(!is_like("retry: 25 \n\n", "retry: {n}\n\n"));
        assert!(is_like("id: a/b-1\n: ok\n\n", "id: {word}\n: ok\n\n"));
        assert!(is_like("data: {\"a\":1}\n\n", "data: {\"a\":1}\n\n"));
        assert!(!is_like("data: x\n\n", "data: y\n\n"));
    }

    #[test]
    fn a_body_is_sent_with_its_length_or_in_chunks() {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let whole = text(request("POST /a", &["x: 1".to_owned()], Some(b"abc"), None));
        assert_eq!(
            whole,
            "POST /a HTTP/1.1\r\nhost: x\r\nx: 1\r\ncontent-length: 3\r\n\r\nabc"
        );
        let chunked = text(request("POST /a", &[], Some(b"abc"), Some(2)));
        assert!(
            chunked.ends_with("\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
            "{chunked}"
        );
    }
}
