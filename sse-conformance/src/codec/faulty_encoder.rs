use std::fmt::Write as _;

use sse_core::LineEnd;

use super::{Door, Fault, Fields, wire::lines};

/// An encoder that writes what it is told, with one fault or none.
pub(super) fn encode(
    fault: Option<Fault>,
    fields: &Fields,
    door: Door,
    line_end: LineEnd,
) -> Result<Vec<u8>, String> {
    let has = |wanted: Fault| fault == Some(wanted);
    let end = if line_end == LineEnd::CrLf {
        "\r\n"
    } else {
        "\n"
    };
    let colon = if has(Fault::SpaceNotWritten) {
        ":"
    } else {
        ": "
    };
    let mut wire = String::new();

    let single = |text: &str, forbidden: &[char], injects: bool| match door {
        _ if injects => Ok(text.to_owned()),
        Door::Checked if text.contains(forbidden) => Err(format!("illegal text {text:?}")),
        Door::Checked | Door::Sanitized => Ok(text.replace(forbidden, "")),
    };
    if let Some(id) = &fields.id {
        let kept: &[char] = if has(Fault::NulInId) {
            &['\r', '\n']
        } else {
            &['\r', '\n', '\0']
        };
        let id = single(id, kept, has(Fault::IdInjects))?;
        if !(id.is_empty() && has(Fault::EmptyIdNotWritten)) {
            let _ = write!(wire, "id{colon}{id}{end}");
        }
    }
    if let Some(event) = &fields.event {
        let event = single(event, &['\r', '\n'], has(Fault::EventTypeInjects))?;
        let _ = write!(wire, "event{colon}{event}{end}");
    }
    if let Some(retry) = fields
        .retry
        .filter(|retry| *retry > 0 || !has(Fault::RetryZeroNotWritten))
    {
        let _ = write!(wire, "retry{colon}{retry}{end}");
    }
    for line in data_lines(fault, fields) {
        let _ = write!(wire, "data{colon}{line}{end}");
    }
    if let Some(comment) = &fields.comment {
        let injects = has(Fault::CommentInjects);
        for line in if injects {
            vec![comment.as_str()]
        } else {
            lines(comment)
        } {
            let _ = write!(wire, ": {line}{end}");
        }
    }
    if !wire.is_empty() && !has(Fault::BlankLineMissing) {
        wire.push_str(end);
    }
    if has(Fault::DataTwice) {
        wire = wire.repeat(2);
    }
    Ok(wire.into_bytes())
}

fn data_lines(fault: Option<Fault>, fields: &Fields) -> Vec<&str> {
    let Some(data) = fields.data.as_deref() else {
        return Vec::new();
    };
    match fault {
        Some(Fault::EmptyDataNotWritten) if data.is_empty() => Vec::new(),
        Some(Fault::CrNotSplit) => data.split('\n').collect(),
        Some(Fault::SeparatorSplitsData) => data.split('\u{2028}').flat_map(lines).collect(),
        Some(Fault::TrailingNewlineLost) => {
            let mut lines = lines(data);
            if let [.., _, ""] = lines[..] {
                lines.pop();
            }
            lines
        }
        _ => lines(data),
    }
}
