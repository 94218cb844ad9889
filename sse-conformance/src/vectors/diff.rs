use std::fmt::{Display, Write as _};

use crate::codec::{Dispatched, Escaped, Expected};

/// Says where two results differ, everything invisible escaped.
pub(super) fn diff(expected: &Expected, actual: &Expected) -> String {
    let mut text = String::new();
    let shown = |events: &[Dispatched]| -> Vec<String> {
        let escaped = |event: &Dispatched| {
            let Dispatched {
                event,
                data,
                last_event_id,
                ..
            } = event;
            format!(
                "event={} data={} last_event_id={}",
                Escaped(event),
                Escaped(data),
                Escaped(last_event_id)
            )
        };
        events.iter().map(escaped).collect()
    };
    let comments = |comments: &[String]| -> Vec<String> {
        comments
            .iter()
            .map(|comment| Escaped(comment).to_string())
            .collect()
    };
    list(
        &mut text,
        "event",
        &shown(&expected.events),
        &shown(&actual.events),
    );
    list(
        &mut text,
        "comment",
        &comments(&expected.comments),
        &comments(&actual.comments),
    );
    let ids = (
        Escaped(&expected.last_event_id),
        Escaped(&actual.last_event_id),
    );
    if expected.last_event_id != actual.last_event_id {
        pair(&mut text, "final last_event_id", &ids.0, &ids.1);
    }
    if expected.retry != actual.retry {
        let shown =
            |retry: Option<u64>| retry.map_or_else(|| "none".to_owned(), |retry| retry.to_string());
        pair(
            &mut text,
            "final retry",
            &shown(expected.retry),
            &shown(actual.retry),
        );
    }
    text
}

/// At most this many differences of a list are shown.
const SHOWN: usize = 5;

fn list(text: &mut String, what: &str, expected: &[String], actual: &[String]) {
    let none = "none".to_owned();
    let longest = expected.len().max(actual.len());
    let pairs = (0..longest).map(|at| {
        (
            at,
            expected.get(at).unwrap_or(&none),
            actual.get(at).unwrap_or(&none),
        )
    });
    let differing: Vec<_> = pairs
        .filter(|(_, expected, actual)| expected != actual)
        .collect();
    if expected.len() != actual.len() {
        let _ = write!(
            text,
            "\n    {} {what}s expected, {} actual",
            expected.len(),
            actual.len()
        );
    }
    for (at, expected, actual) in differing.iter().take(SHOWN) {
        pair(text, &format!("{what} {at}"), expected, actual);
    }
    if differing.len() > SHOWN {
        let _ = write!(text, "\n    … {} more differ", differing.len() - SHOWN);
    }
}

pub(super) fn pair(text: &mut String, what: &str, expected: &dyn Display, actual: &dyn Display) {
    let _ = write!(
        text,
        "\n    {what}\n      expected {expected}\n      actual   {actual}"
    );
}
