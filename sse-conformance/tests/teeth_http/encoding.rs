use sse_conformance::http::Item;

use crate::fault::Fault;

/// Encodes an event, written from the standard's text and sharing nothing with the product.
pub(crate) fn encode(item: &Item, fault: Fault) -> String {
    let mut wire = String::new();
    let fields = [
        ("id", item.id.clone().filter(|_| fault != Fault::IdLost)),
        (
            "event",
            item.event.clone().filter(|_| fault != Fault::EventTypeLost),
        ),
        ("retry", item.retry.map(|time| time.to_string())),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            wire += &format!("{name}: {value}\n");
        }
    }
    for line in item.data.iter().flat_map(|data| lines(data, fault)) {
        wire += &match fault {
            Fault::LeadingSpaceLost => format!("data: {}\n", line.trim_start()),
            _ => format!("data: {line}\n"),
        };
    }
    match &item.comment {
        Some(text) if fault == Fault::CommentBreaksOut => {
            wire += &format!("{}\n", format!(": {text}").trim_end());
        }
        Some(text) => {
            for line in lines(text, Fault::None) {
                wire += format!(": {line}").trim_end();
                wire += "\n";
            }
        }
        None => {}
    }
    if !wire.is_empty() {
        wire += "\n";
    }
    wire
}

fn lines(text: &str, fault: Fault) -> Vec<String> {
    if fault == Fault::LinesNotSplit {
        return vec![text.to_owned()];
    }
    text.replace("\r\n", "\n")
        .split(['\r', '\n'])
        .map(str::to_owned)
        .collect()
}
