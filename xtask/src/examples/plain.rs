//! The examples without a framework: each runs to its end and prints what it does.

use std::time::Duration;

use anyhow::Result;

use crate::job::Job;
use crate::report::Report;

pub(super) fn run(report: &mut Report) -> Result<()> {
    for (name, fragments) in EXAMPLES {
        let job = Job::cargo(&format!("run --quiet --package examples --bin {name}"));
        let finished = job.limit(Duration::from_secs(60)).run()?;
        let missing = fragments
            .iter()
            .find(|part| !finished.text.contains(**part));
        match missing {
            Some(part) if finished.success => {
                report.fail(format!("{name} did not print {part:?}:\n{}", finished.text));
            }
            _ => report.count(&finished),
        }
    }
    Ok(())
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    EXAMPLES.iter().map(|(name, _)| *name)
}

/// Each with parts of what it prints.
const EXAMPLES: [(&str, &[&str]); 6] = [
    (
        "quick_start",
        &[
            "id: 7\nevent: order\ndata: two\ndata: lines\n\n",
            "type message  id 7/b  data \"checked at run time\"",
            "Last-Event-ID: 7/b",
        ],
    ),
    (
        "json",
        &[
            "data: {\"symbol\":\"RUST\",\"price\":21.5}",
            "Trade { symbol: \"RUST\", price: 21.5 }",
            "no trade: ",
            "the same event again: true",
            "refused: `id`: id must not contain a line feed",
            r"\u003c/script\u003e",
        ],
    ),
    (
        "parse",
        &[
            "price \"10\"\n",
            "message \"first line\\nsecond line\"\n",
            "the end discards them: None",
            "the server wants 2500 ms",
            "skipped: line must not exceed 20 bytes",
            "\"after\"",
        ],
    ),
    (
        "security",
        &[
            "id must not contain a line feed (at byte 1)",
            "event type must not contain a carriage return (at byte 4)",
            "\"tickid: 9\", 2 removed",
            "data: event: evil\n",
            "decoded as 1 event",
            "data must not exceed 4096 bytes",
            "line must not exceed 8192 bytes",
        ],
    ),
    (
        "reconnect",
        &[
            "wait 1s, then send no header",
            "wait 3s, then send last-event-id: 42",
            "wait 500ms, then send last-event-id: 43",
            "wait 30s, then send last-event-id: 43",
            "last-event-id: naïve ☃",
        ],
    ),
    (
        "notification",
        &[
            "3 subscribers hold the same bytes: true",
            "#2 \"Deployed to production\\n3 services\"",
        ],
    ),
];
