//! With a script: for each `subscribe` one `unsubscribe`, and nothing lost while hooks run.

use std::{
    io::Write as _,
    thread,
    time::{Duration, Instant},
};

use crate::{client::PATIENCE, running::Running};

/// Counts who is there, and tells it to those who ask for `/sse?count`.
const COUNTING: &str = r#"
local sleep = require "sleep"
local here, came, left = 0, 0, 0
function subscribe(sub)
  if sub.req.query == "count" then
    return nil, {status = 200, body = here .. " " .. came .. " " .. left}
  end
  here, came = here + 1, came + 1
  return sub
end
function unsubscribe(sub) here, left = here - 1, left + 1 end
function catchup(sub, id)
  if sub.req.query == "slow" then sleep(300) end
  return {{data = "caught up", id = "c"}}
end
"#;

pub(crate) fn scripted(text: &str, arguments: &[&str]) -> (tempfile::NamedTempFile, Running) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let all: Vec<_> = ["-s", &path].iter().chain(arguments).copied().collect();
    let server = Running::with(&all);
    (file, server)
}

/// Waits until nobody is there, and so many came and left.
#[track_caller]
fn check_balance(server: &Running, came: usize) {
    let expected = format!("0 {came} {came}");
    let start = Instant::now();
    loop {
        let counts = server.get("/sse?count").text();
        if counts == expected {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{counts}, not {expected}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn whoever_comes_leaves_once_whatever_way() {
    let (_file, server) = scripted(COUNTING, &["-t", "400ms"]);
    drop(server.stream("/sse", ""));
    check_balance(&server, 1);
    let mut old = server.stream("/sse", "");
    old.expect(": ok\n\n");
    old.expect("id: c\ndata: caught up\n\n");
    old.expect(": timeout\nretry: 0\n\n");
    assert_eq!(old.next(), None);
    check_balance(&server, 2);
    assert_eq!(
        server.send("HEAD /sse HTTP/1.1\r\nhost: x\r\n", b"").status,
        200
    );
    check_balance(&server, 3);
    for _ in 0..20 {
        let mut hasty = server.client();
        hasty.send("GET /sse?slow HTTP/1.1\r\nhost: x\r\n", b"");
        thread::sleep(Duration::from_millis(5));
        drop(hasty);
    }
    thread::sleep(Duration::from_millis(400));
    let counts = server.get("/sse?count").text();
    let (_, left) = counts.rsplit_once(' ').unwrap();
    check_balance(&server, left.parse().unwrap());
    assert!(left.parse::<usize>().unwrap() > 3, "{counts}");
}

#[test]
fn what_is_published_while_catchup_runs_is_delivered_once() {
    let (_file, server) = scripted(COUNTING, &[]);
    let mut client = server.client();
    client.send("GET /sse?slow HTTP/1.1\r\nhost: x\r\n", b"");
    let start = Instant::now();
    while server.get("/sse?count").text() != "1 1 0" {
        assert!(start.elapsed() < PATIENCE);
    }
    // One has an id that `catchup` returns, too.
    assert_eq!(server.json(r#"{"data":"caught up","id":"c"}"#).status, 202);
    server.publish("meanwhile");
    let mut stream = client.stream();
    stream.expect(": ok\n\n");
    stream.expect("id: c\ndata: caught up\n\n");
    stream.expect("data: meanwhile\n\n");
    // An id that is used again is a new event.
    assert_eq!(server.json(r#"{"data":"later","id":"c"}"#).status, 202);
    stream.expect("id: c\ndata: later\n\n");
}

#[test]
fn the_hook_message_changes_and_leaves_out_for_one_and_not_for_others() {
    let text = r#"
function subscribe(sub) sub.name = sub.req.query; return sub end
function publish(pub) pub.by = "hook"; return pub end
function message(pub, sub)
  if pub.msg.data == sub.name then return nil end
  if pub.msg.data == "raise" then error("no") end
  pub.msg.data = pub.msg.data .. " for " .. sub.name .. " by " .. pub.by
  return pub
end
"#;
    let (_file, server) = scripted(text, &[]);
    let mut a = server.stream("/sse?a", "");
    let mut b = server.stream("/sse?b", "");
    for data in ["x", "a", "raise", "y"] {
        server.publish(data);
    }
    for (stream, name) in [(&mut a, "a"), (&mut b, "b")] {
        stream.expect(": ok\n\n");
        for data in ["x", "a", "y"] {
            if data != name {
                stream.expect(&format!("data: {data} for {name} by hook\n\n"));
            }
        }
    }
}

#[test]
fn the_hook_message_keeps_positions_on_the_hubs_wire() {
    let text = r#"
function message(pub, sub)
  if pub.msg.data == "odd" then return nil end
  pub.msg.data = pub.msg.data .. "!"
  return pub
end
"#;
    let (_file, server) = scripted(text, &["--ids", "hub", "-k", "200ms"]);
    let mut stream = server.stream("/sse", "");
    assert!(stream.next().unwrap().starts_with("id: "));
    server.publish("even");
    let event = stream.next().unwrap();
    assert!(event.ends_with("\ndata: even!\n\n"), "{event}");
    server.publish("odd");
    let (id, _) = event.split_once('\n').unwrap();
    // Silence bears the position behind what was left out.
    let silence = loop {
        let block = stream.next().unwrap();
        assert!(block.ends_with("\n: keep-alive\n\n"), "{block}");
        if !block.starts_with(id) {
            break block;
        }
    };
    let (id, _) = silence.split_once('\n').unwrap();
    let id = id.strip_prefix("id: ").unwrap();
    server.publish("next");
    let mut resumed = server.stream("/sse", &format!("last-event-id: {id}\r\n"));
    assert_eq!(resumed.head.header("sse-resume"), Some("complete"));
    assert!(resumed.next().unwrap().ends_with(": ok\n\n"));
    assert!(resumed.next().unwrap().ends_with("\ndata: next!\n\n"));
}

/// Writes at the end how many came and left.
const TELLING: &str = r#"
local sleep = require "sleep"
local came, left, path = 0, 0, nil
function startup(cli) path = cli.script_data end
function subscribe(sub) came = came + 1 return sub end
function unsubscribe(sub) left = left + 1 end
function message(pub, sub)
  if sub.req.query == "waits" then sleep(math.huge) end
  return pub
end
function shutdown(reason)
  local file = io.open(path, "w")
  file:write(came, " ", left)
  file:close()
end
"#;

#[test]
fn at_the_end_of_the_server_those_leave_too_who_do_not_read_or_wait_for_a_hook() {
    let told = tempfile::NamedTempFile::new().unwrap();
    let path = told.path().to_str().unwrap();
    let arguments = [
        "--drain",
        "0s",
        "--send-buffer",
        "16KiB",
        "--script-data",
        path,
    ];
    let (_file, server) = scripted(TELLING, &arguments);
    let waiting = server.stream("/sse?waits", "");
    let stalled = server.stream("/sse", "");
    let mut reading = server.subscribe();
    let data = "x".repeat(60_000);
    for _ in 0..100 {
        server.publish(&data);
        reading.expect(&format!("data: {data}\n\n"));
    }
    drop(server);
    drop((waiting, stalled, reading));
    assert_eq!(std::fs::read_to_string(path).unwrap(), "3 3");
}
