//! Faults planted in a server, each with the row that is meant for it.

use crate::contract::client::Answer;
use crate::contract::front::Request;

/// One thing that a server does wrong.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// The row that must fail.
    pub(crate) row: &'static str,
    /// What it must say, among other things.
    pub(crate) complaint: &'static str,
    pub(crate) request: fn(&mut Request),
    pub(crate) answer: fn(&Request, &mut Answer),
    pub(crate) block: fn(&Request, String) -> String,
}

/// A front that changes nothing.
pub(crate) const HONEST: Fault = Fault {
    name: "none",
    row: "",
    complaint: "",
    request: |_| (),
    answer: |_, _| (),
    block: |_, block| block,
};

const fn in_request(
    name: &'static str,
    row: &'static str,
    complaint: &'static str,
    request: fn(&mut Request),
) -> Fault {
    Fault {
        name,
        row,
        complaint,
        request,
        ..HONEST
    }
}

const fn in_answer(
    name: &'static str,
    row: &'static str,
    complaint: &'static str,
    answer: fn(&Request, &mut Answer),
) -> Fault {
    Fault {
        name,
        row,
        complaint,
        answer,
        ..HONEST
    }
}

const fn in_block(
    name: &'static str,
    row: &'static str,
    complaint: &'static str,
    block: fn(&Request, String) -> String,
) -> Fault {
    Fault {
        name,
        row,
        complaint,
        block,
        ..HONEST
    }
}

/// All of them.
pub(crate) const FAULTS: &[Fault] = &[
    in_answer(
        "keys in another order",
        "publish-accepted",
        r#"step 1: "{\"subscribers\":0,\"queued\":0}", not"#,
        |_, answer| {
            let text = answer.text();
            if let Some((queued, subscribers)) = text.trim_matches(['{', '}']).split_once(',') {
                answer.body = format!("{{{subscribers},{queued}}}").into_bytes();
            }
        },
    ),
    in_answer(
        "202 counts no subscribers",
        "publish-counts-subscribers",
        r#"\"subscribers\":0}", not"#,
        |_, answer| {
            let text = answer
                .text()
                .replace("\"subscribers\":1", "\"subscribers\":0");
            answer.body = text.into_bytes();
        },
    ),
    in_answer(
        "body limit one too low",
        "publish-limit-64000",
        "step 1: 413 ",
        |request, answer| {
            if request.body.len() == 64_000 {
                answer.status = 413;
            }
        },
    ),
    in_request(
        "body limit one too high",
        "publish-limit-64001",
        "step 1: 202 ",
        |request| {
            if request.body.len() == 64_001 {
                request.body = b"{\"data\":\"x\"}".to_vec();
                set(request, "content-length", "12");
            }
        },
    ),
    in_answer(
        "charset refused",
        "publish-charset",
        "step 1: 415 ",
        |request, answer| {
            if request
                .header("content-type")
                .is_some_and(|it| it.contains("charset"))
            {
                answer.status = 415;
            }
        },
    ),
    in_answer(
        "an empty message is accepted",
        "publish-empty-object",
        "step 1: 202 ",
        |request, answer| {
            if request.body == b"{}" {
                answer.status = 202;
            }
        },
    ),
    in_answer(
        "405 names no methods",
        "publish-other-method",
        "allow: []",
        |_, answer| {
            answer.headers.retain(|(name, _)| name != "allow");
        },
    ),
    in_answer(
        "rejected with another status",
        "hook-publish-nil",
        "step 2: 401 ",
        |_, answer| {
            if answer.status == 403 {
                answer.status = 401;
            }
        },
    ),
    in_answer(
        "a traceback gets out",
        "hook-publish-raises",
        r#"has "traceback""#,
        |_, answer| {
            if answer.status == 500 {
                answer.body = b"{\"error\":\"stack traceback: script.lua:2: secret\"}".to_vec();
            }
        },
    ),
    in_answer(
        "an answer names the wrong origin",
        "cors-listed-origin",
        r#"allow-origin: ["*"]"#,
        |_, answer| {
            for (_, value) in answer
                .headers
                .iter_mut()
                .filter(|(name, _)| name == "access-control-allow-origin")
            {
                "*".clone_into(value);
            }
        },
    ),
    in_request(
        "HEAD opens a stream",
        "subscribe-head",
        r#"\"subscribers\":1}", not"#,
        |request| {
            if request.method == "HEAD" {
                "GET".clone_into(&mut request.method);
            }
        },
    ),
    in_request(
        "the query goes before the header",
        "subscribe-id-header-over-query",
        r"-2\ndata: d2",
        |request| {
            if request.target.contains("last_event_id=") {
                request.headers.retain(|(name, _)| name != "last-event-id");
            }
        },
    ),
    in_request(
        "an empty header hides the query",
        "subscribe-id-empty-header",
        "step 4: waiting for",
        |request| {
            if request.header("last-event-id") == Some("") {
                "/sse".clone_into(&mut request.target);
            }
        },
    ),
    in_request(
        "the id in the query is not read",
        "subscribe-id-query",
        "step 4: waiting for",
        |request| {
            "/sse".clone_into(&mut request.target);
        },
    ),
    in_block(
        "no opening",
        "subscribe-opening",
        r#"step 1: waiting for ": ok"#,
        |_, block| {
            if block == ": ok\n\n" {
                String::new()
            } else {
                block
            }
        },
    ),
    in_block(
        "another text for silence",
        "option-keep-alive-text",
        r#"": keep-alive"#,
        |_, block| block.replace(": still here", ": keep-alive"),
    ),
    in_block(
        "retry without a value",
        "subscribe-timeout",
        r"retry: \n",
        |_, block| block.replace("retry: 0", "retry: "),
    ),
    in_block(
        "the hook message is skipped on replay",
        "hook-message-on-replay",
        r#"data: b\n\n", not"#,
        |request, block| match request.header("last-event-id") {
            Some(_) => block.replace(" seen", ""),
            None => block,
        },
    ),
    in_block(
        "comments before data",
        "wire-order",
        r#"": c\nid: 1"#,
        |_, block| {
            let (mut comments, mut lines): (Vec<_>, Vec<_>) = block
                .trim_end()
                .lines()
                .partition(|line| line.starts_with(':'));
            comments.append(&mut lines);
            comments.join("\n") + "\n\n"
        },
    ),
    in_block(
        "a leading space is lost",
        "wire-leading-space",
        r#""data:  x"#,
        |_, block| block.replace("data:  ", "data: "),
    ),
    in_block(
        "a last line end is lost",
        "wire-trailing-line-end",
        r#""data: x\n\n", not"#,
        |_, block| block.replace("\ndata: \n\n", "\n\n"),
    ),
    in_answer(
        "a line end in an id is accepted",
        "injection-id",
        "step 2: 202 ",
        |_, answer| {
            if answer.status == 400 {
                answer.status = 202;
            }
        },
    ),
];

fn set(request: &mut Request, name: &str, value: &str) {
    request.headers.retain(|(own, _)| own != name);
    request.headers.push((name.to_owned(), value.to_owned()));
}
