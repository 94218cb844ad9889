use super::Fields;

/// Checks the wire rules that an encoding must obey besides decoding to the right thing.
///
/// They catch an injection that happens to decode harmlessly.
///
/// # Errors
///
/// Names the rule that was broken and the line that broke it.
pub fn check_wire(fields: &Fields, wire: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(wire).map_err(|error| format!("W1: {error}"))?;
    if text.starts_with('\u{FEFF}') {
        return Err("W1: a byte order mark in front".to_owned());
    }
    if text.is_empty() {
        return Ok(());
    }
    let lines = lines(text);
    let Some((&"", lines)) = lines.split_last() else {
        return Err("W1: no line end at the end".to_owned());
    };
    // One blank line may close the block.
    let lines = match lines.split_last() {
        Some((&"", lines)) => lines,
        _ => lines,
    };
    let count = |name: &str| lines.iter().filter(|line| field_of(line).0 == name).count();
    for line in lines {
        match field_of(line) {
            ("", _) if line.is_empty() => return Err("W2: a blank line before the end".to_owned()),
            ("", _) if fields.comment.is_none() => {
                return Err(format!("W3: an uncalled comment {line:?}"));
            }
            ("id", value) if value.contains('\0') => return Err(format!("W4: NUL in {line:?}")),
            ("" | "data" | "event" | "id" | "retry", _) => {}
            _ => return Err(format!("W3: an unknown field {line:?}")),
        }
    }
    let given = [
        ("event", usize::from(fields.event.is_some())),
        ("id", usize::from(fields.id.is_some())),
        ("retry", usize::from(fields.retry.is_some())),
    ];
    for (name, most) in given {
        if count(name) > most {
            return Err(format!(
                "W3: {} {name} lines, at most {most} called for",
                count(name)
            ));
        }
    }
    let data_lines = fields
        .data
        .as_deref()
        .map_or(0, |data| self::lines(data).len());
    if count("data") != data_lines {
        return Err(format!(
            "W3: {} data lines, data has {data_lines}",
            count("data")
        ));
    }
    Ok(())
}

/// The lines of a text; what follows the last line end is one, if only an empty one.
pub(super) fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\r', '\n']) {
        lines.push(&rest[..at]);
        rest = if rest[at..].starts_with("\r\n") {
            &rest[at + 2..]
        } else {
            &rest[at + 1..]
        };
    }
    lines.push(rest);
    lines
}

fn field_of(line: &str) -> (&str, &str) {
    line.split_once(':').unwrap_or((line, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wire: &str, rule: Option<&str>) {
        let text = |text: &str| Some(text.to_owned());
        let fields = Fields {
            data: text("a\nb"),
            id: text("1"),
            comment: text("c"),
            ..Fields::default()
        };
        let verdict = check_wire(&fields, wire.as_bytes()).err();
        assert_eq!(
            verdict.as_deref().map(|verdict| &verdict[..2]),
            rule,
            "{wire:?}: {verdict:?}"
        );
    }

    #[test]
    fn each_rule_refuses_what_breaks_it() {
        check("id: 1\ndata: a\ndata: b\n: c\n\n", None);
        check("id: 1\r\ndata: a\r\ndata: b\r\n\r\n", None);
        check("data: a\ndata: b", Some("W1"));
        check("\u{FEFF}data: a\ndata: b\n\n", Some("W1"));
        check("data: a\n\ndata: b\n\n", Some("W2"));
        check("data: a\ndata: b\n\n\n", Some("W2"));
        check("event: x\ndata: a\ndata: b\n\n", Some("W3"));
        check("id: 1\nid: 1\ndata: a\ndata: b\n\n", Some("W3"));
        check("data: a\n\n", Some("W3"));
        check("data: a\ndata: b\nfoo: x\n\n", Some("W3"));
        check("id: a\0\ndata: a\ndata: b\n\n", Some("W4"));
    }
}
