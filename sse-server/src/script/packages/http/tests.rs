use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use mlua::Lua;

use super::register;
use crate::script::packages::table::{Table, check};

/// A server on its own threads that answers with the request it got, where the path does not ask
/// for something else. Each connection is counted in the header `connection-number`.
fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let stream = stream.unwrap();
            thread::spawn(move || while answer(&stream, number).is_some() {});
        }
    });
    address
}

fn answer(mut stream: &TcpStream, number: usize) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    let redirect = path.strip_prefix("/redirect/").map(str::parse::<u32>);
    let (status, more, sent) = match (path.as_str(), redirect) {
        ("/silent", _) => return reader.read_to_end(&mut body).is_err().then_some(()),
        ("/cut", _) => ("200 OK", "content-length: 9\r\n".to_owned(), "x".to_owned()),
        ("/binary", _) => ("200 OK", String::new(), "a\0b".to_owned()),
        ("/twice", _) => (
            "404 Not Found",
            "X-A: 1\r\nX-A: 2\r\n".to_owned(),
            String::new(),
        ),
        (_, Some(Ok(left @ 1..))) => {
            let location = format!("location: /redirect/{}\r\n", left - 1);
            ("302 Found", location, String::new())
        }
        _ => (
            "200 OK",
            String::new(),
            head + &String::from_utf8_lossy(&body),
        ),
    };
    let length = match path.as_str() {
        "/cut" => String::new(),
        _ => format!("content-length: {}\r\n", sent.len()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nconnection-number: {number}\r\n{more}{length}\r\n{sent}"
    )
    .ok()?;
    (path != "/cut").then_some(())
}

/// Every chunk has `http`, the server's `base` and `lines`, which gives the sorted lines of a body.
#[track_caller]
fn check_all(table: Table<'_>) {
    let address = server();
    let register = |lua: &Lua| {
        register(lua)?;
        lua.globals().set("base", format!("http://{address}"))?;
        lua.load(
            "http = require('http')
            function has(answer, text) return answer.body:find(text, 1, true) ~= nil end
            function first(answer) return answer.body:match('^[^\\r]*') end
            function last(answer) return answer.body:match('[^\\n]*$') end",
        )
        .exec()
    };
    check(register, table);
}

#[test]
fn requests_keep_to_their_table() {
    check_all(&[
        ("return http.get(base).status", "200"),
        ("return first(http.get(base))", "'GET / HTTP/1.1'"),
        (
            "return first(http.post(base .. '/p'))",
            "'POST /p HTTP/1.1'",
        ),
        ("return first(http.put(base))", "'PUT / HTTP/1.1'"),
        ("return first(http.patch(base))", "'PATCH / HTTP/1.1'"),
        ("return first(http.delete(base))", "'DELETE / HTTP/1.1'"),
        ("return first(http.options(base))", "'OPTIONS / HTTP/1.1'"),
        ("return http.head(base).body", "''"),
        (
            "return first(http.request('GET', base))",
            "'GET / HTTP/1.1'",
        ),
        (
            "return first(http.request('BREW', base))",
            "'BREW / HTTP/1.1'",
        ),
        ("return http.request('GET', base .. '/twice').status", "404"),
        // Names in lower case, and of a repeated one the last.
        ("return http.get(base .. '/twice').headers['x-a']", "'2'"),
        ("return http.get(base .. '/binary').body", r"'a\x00b'"),
        (
            "return has(http.get(base), 'user-agent: sse-server/')",
            "true",
        ),
        ("return has(http.get(base), 'accept-encoding')", "false"),
    ]);
}

#[test]
fn options_keep_to_their_table() {
    check_all(&[
        (
            "return has(http.get(base, {headers = {['X-A'] = 'b'}}), 'x-a: b\\r\\n')",
            "true",
        ),
        (
            "return has(http.get(base, {headers = {['x-a'] = 5}}), 'x-a: 5\\r\\n')",
            "true",
        ),
        (
            "return has(http.get(base, {headers = {['x-a'] = {1, 2}}}), 'x-a')",
            "false",
        ),
        (
            "http.get(base, {headers = {['x a'] = 1}})",
            "!'x a' is no name of a header",
        ),
        (
            "http.get(base, {headers = {['x-a'] = 'a\\r\\nb: c'}})",
            "!the value of 'x-a' is no header",
        ),
        (
            "http.get(base, {headers = {['x-a'] = true}})",
            "!must be a string or a number",
        ),
        (
            "return first(http.get(base .. '?z=0', {args = {b = {1, 'x y'}, a = '&'}}))",
            "'GET /?z=0&a=%26&b=1&b=x+y HTTP/1.1'",
        ),
        (
            "return first(http.get(base, {args = {}}))",
            "'GET / HTTP/1.1'",
        ),
        (
            "return first(http.get(base, {args = {a = {}}}))",
            "'GET / HTTP/1.1'",
        ),
        (
            "http.get(base, {args = {a = print}})",
            "!must be a string or a number",
        ),
        ("return last(http.post(base, {body = 'hello'}))", "'hello'"),
        ("return last(http.post(base, {body = 5}))", "'5'"),
        ("return last(http.get(base, {body = 'too'}))", "'too'"),
        (
            "http.post(base, {body = {}})",
            "!body must be a string or a number, not a table",
        ),
        (
            "return first(http.get(base, {version = 'http/1.0'}))",
            "'GET / HTTP/1.0'",
        ),
        (
            "return first(http.get(base, {version = 'HTTP/1.1'}))",
            "'GET / HTTP/1.1'",
        ),
        (
            "http.get(base, {version = 'HTTP/0.9'})",
            "!HTTP/0.9 is not spoken",
        ),
        (
            "http.get(base, {version = 'HTTP/2'})",
            "!HTTP/2 is not spoken",
        ),
        (
            "http.get(base, {version = 'http/3'})",
            "!http/3 is not spoken",
        ),
        (
            "http.get(base, {version = 'SPDY'})",
            "!'SPDY' is no version",
        ),
        ("return http.get(base, {timeout = 60000}).status", "200"),
        ("http.get(base .. '/silent', {timeout = 50})", "!timeout"),
        ("http.get(base .. '/silent', {timeout = 0})", "!timeout"),
        ("http.get(base .. '/silent', {timeout = -1})", "!timeout"),
        (
            "http.get(base, {timeout = 'soon'})",
            "!'timeout' must be milliseconds",
        ),
        ("http.get(base, 5)", "!table"),
    ]);
}

#[test]
fn what_cannot_be_done_raises() {
    check_all(&[
        ("http.request('G T', base)", "!'G T' is no method"),
        ("http.request('', base)", "!'' is no method"),
        ("http.get('nonsense')", "!no URL"),
        ("http.get('ftp://127.0.0.1/')", "!no such request"),
        ("http.get()", "!string expected, got no value"),
        ("http.get('http://127.0.0.1:1/')", "!no connection"),
        ("http.get(base .. '/cut')", "!no answer"),
        (
            "return first(http.get(base .. '/redirect/9'))",
            "'GET /redirect/0 HTTP/1.1'",
        ),
        ("http.get(base .. '/redirect/10')", "!too many redirects"),
        // Neither the query nor what comes after it is in the error.
        (
            "local _, e = pcall(http.get, 'http://127.0.0.1:1/?key=secret') return tostring(e):find('secret') == nil",
            "true",
        ),
    ]);
}

#[test]
fn an_agent_keeps_its_options_and_connections_but_nothing_of_a_request() {
    let agent =
        "local a = http.agent({headers = {['X-A'] = '1', ['x-b'] = '2'}, args = {p = 1, q = 2}}) ";
    let with = |chunk: &str| format!("{agent}{chunk}");
    check_all(&[
        (
            &with("return first(a:get(base))"),
            "'GET /?p=1&q=2 HTTP/1.1'",
        ),
        (
            &with("return first(a:get(base, {args = {q = 3, r = 4}}))"),
            "'GET /?p=1&q=3&r=4 HTTP/1.1'",
        ),
        (
            &with("a:get(base, {args = {q = 3, r = 4}}) return first(a:get(base))"),
            "'GET /?p=1&q=2 HTTP/1.1'",
        ),
        (
            &with(
                "local r = a:get(base, {headers = {['x-a'] = 'z'}}) return {has(r, 'x-a: z'), has(r, 'x-a: 1'), has(r, 'x-b: 2')}",
            ),
            "{true,false,true}",
        ),
        (
            &with(
                "a:get(base, {headers = {['x-a'] = 'z', authorization = 's'}}) local r = a:get(base) return {has(r, 'x-a: 1'), has(r, 'authorization')}",
            ),
            "{true,false}",
        ),
        (
            &with("a:post(base, {body = 'secret'}) return has(a:get(base), 'secret')"),
            "false",
        ),
        (
            &with("pcall(a.get, a, base .. '/silent', {timeout = 20}) return a:get(base).status"),
            "200",
        ),
        (
            &with("a:get(base, {version = 'HTTP/1.0'}) return first(a:get(base))"),
            "'GET /?p=1&q=2 HTTP/1.1'",
        ),
        // A table that changes later changes nothing.
        (
            "local o = {headers = {['x-a'] = '1'}} local a = http.agent(o) o.headers['x-a'] = '2' return has(a:get(base), 'x-a: 1')",
            "true",
        ),
        (
            "return last(http.agent({body = 'same'}):post(base))",
            "'same'",
        ),
        (
            "return last(http.agent({body = 'same'}):post(base, {body = 'other'}))",
            "'other'",
        ),
        (
            "return first(http.agent():request('BREW', base))",
            "'BREW / HTTP/1.1'",
        ),
        (
            "local n = {} local a = http.agent() for i = 1, 3 do n[i] = a:get(base).headers['connection-number'] end return n[1] == n[2] and n[2] == n[3]",
            "true",
        ),
        (
            "local n = {} for i = 1, 3 do n[i] = http.get(base).headers['connection-number'] end return n[1] ~= n[2] and n[2] ~= n[3]",
            "true",
        ),
        (
            "http.agent({headers = {['x a'] = 1}})",
            "!no name of a header",
        ),
        ("http.agent(5)", "!table"),
    ]);
}
