//! What must disconnect nobody and lose nothing.

use crate::running::Running;

#[test]
fn no_text_breaks_out_of_its_field_and_no_request_cuts_others() {
    let server = Running::new();
    let mut witness = server.subscribe();
    let ends = [r"\r", r"\n", r"\r\n", r"\u0000", r"\u2028"];
    let mut expected = Vec::new();
    for end in ends {
        for field in ["id", "event", "data", "comment"] {
            let value = match field {
                "comment" => format!(r#"["a{end}b: c"]"#),
                _ => format!(r#""a{end}data: b""#),
            };
            let reply = server.json(&format!(r#"{{"{field}":{value}}}"#));
            let is_line_end = !matches!(end, r"\u0000" | r"\u2028");
            let is_refused = match field {
                "data" => false,
                "id" => end != r"\u2028",
                _ => is_line_end,
            };
            assert_eq!(
                reply.status,
                if is_refused { 400 } else { 202 },
                "{field} {end}"
            );
            if is_refused {
                continue;
            }
            let text: String = serde_json::from_str(&format!("\"{end}\"")).unwrap();
            expected.push(match field {
                "data" if is_line_end => "data: a\ndata: data: b\n\n".to_owned(),
                "comment" => format!(": a{text}b: c\n\n"),
                _ => format!("{field}: a{text}data: b\n\n"),
            });
        }
    }
    server.publish("alive");
    for block in expected {
        witness.expect(&block);
    }
    witness.expect("data: alive\n\n");
}

#[test]
fn forms_and_lines_cannot_break_out_either() {
    let server = Running::new();
    let mut witness = server.subscribe();
    let form = "application/x-www-form-urlencoded";
    for bad in [
        "id=a%0Ab",
        "id=a%0Db",
        "id=a%00b",
        "event=a%0D%0Ab",
        "comment=a%0Ab",
    ] {
        assert_eq!(server.post(form, bad).status, 400, "{bad}");
        let json = r#"{"data":"x"}"#;
        let field = bad.split('=').next().unwrap();
        let value = if field == "comment" {
            r#"["a\rb"]"#
        } else {
            r#""a\rb""#
        };
        let lines = format!("{json}\n{{\"{field}\":{value}}}");
        assert_eq!(server.post("application/x-ndjson", lines).status, 400);
    }
    assert_eq!(server.post(form, "data=a%0D%0Ab%0Dc").status, 202);
    witness.expect("data: a\ndata: b\ndata: c\n\n");
}

#[test]
fn the_servers_own_names_cannot_be_taken() {
    for arguments in [&[][..], &["--ids", "hub"]] {
        let server = Running::with(arguments);
        let reply = server.json(r#"{"event":"hub.gap","data":"x"}"#);
        reply.check_error(
            400,
            "a published event must not have an event type that starts with hub.",
        );
        assert_eq!(server.json(r#"{"data":"x","topic":"hub.x"}"#).status, 400);
    }
}

#[test]
fn bytes_at_random_are_survived() {
    let server = Running::new();
    let mut witness = server.subscribe();
    for length in 0..200_usize {
        let noise: Vec<u8> = (0..length)
            .map(|at| u8::try_from((at * 31 + length * 17) % 256).unwrap())
            .collect();
        let mut client = server.client();
        client.raw(&noise);
        let media = ["application/json", "application/x-ndjson"][length % 2];
        assert_eq!(server.post(media, &noise).status, 400);
    }
    server.publish("alive");
    witness.expect("data: alive\n\n");
}

#[test]
fn a_client_that_leaves_at_any_moment_leaves_nothing_behind() {
    let server = Running::with(&["--admin-listen", "127.0.0.1:0"]);
    let request = "GET /sse HTTP/1.1\r\nhost: x\r\n\r\n";
    for length in 0..=request.len() {
        server.client().raw(&request.as_bytes()[..length]);
    }
    let mut witness = server.subscribe();
    let start = std::time::Instant::now();
    while server.json(r#"{"data":"x"}"#).text() != r#"{"queued":1,"subscribers":1}"# {
        assert!(start.elapsed() < crate::client::PATIENCE);
    }
    witness.expect("data: x\n\n");
}
