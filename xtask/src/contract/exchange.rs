//! A request of a row, and its answer.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::contract::client::{Answer, Connection};
use crate::contract::row::Send;

/// Sends a request, and compares what comes back.
///
/// # Errors
///
/// It is not what the row says.
pub(crate) fn send_to(address: SocketAddr, patience: Duration, send: &Send) -> Result<()> {
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

/// Whether a block is the expected one, in which `{n}` is a whole number and `{word}` any word.
pub(crate) fn is_like(block: &str, expected: &str) -> bool {
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

/// Compares headers with the lines that must be there, and the names that must not.
pub(crate) fn check_headers(answer: &Answer, has: &[String], lacks: &[String]) -> Result<()> {
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
pub(crate) fn request(
    line: &str,
    headers: &[String],
    body: Option<&[u8]>,
    chunks: Option<usize>,
) -> Vec<u8> {
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
