//! The examples that read event streams with the client.

mod contract_service;
mod exactly_once;
mod llm_chat;
mod tail;

use anyhow::Result;

use crate::report::Report;

/// A name, what is tested, and the test.
type Test = (&'static str, fn() -> Result<()>);

pub(super) fn run(report: &mut Report) {
    let all = [
        ("tail", tail::TESTS),
        ("llm_chat", llm_chat::TESTS),
        ("contract_service", contract_service::TESTS),
        ("exactly_once", exactly_once::TESTS),
    ];
    for (name, tests) in all {
        for (about, test) in tests {
            match test() {
                Ok(()) => report.pass(),
                Err(error) => report.fail(format!("not so: {name} {about}: {error:#}")),
            }
        }
    }
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ["tail", "llm_chat", "contract_service", "exactly_once"].into_iter()
}

/// Tells whether an example serves until a signal ends it.
pub(super) fn serves(name: &str) -> bool {
    name == "contract_service"
}

/// Tells whether an example goes on for ever, and its first line shows that it works.
pub(super) fn follows(name: &str) -> bool {
    matches!(name, "tail" | "exactly_once")
}
