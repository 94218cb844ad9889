//! Adapters that only translate types, and examples that are read in one go.

use std::path::Path;

use crate::tidy::arrows::ADAPTERS;
use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

pub(crate) fn find(tree: &Tree) -> Vec<Finding> {
    let adapters = ADAPTERS.iter().filter_map(|name| {
        let source = Path::new(name).join("src");
        let lines: usize = tree
            .rust_under(&source)
            .map(|(_, text)| text.lines().count())
            .sum();
        let text = format!("{lines} lines with unit tests, fewer than {ADAPTER} are allowed");
        (lines >= ADAPTER).then(|| Finding::new(source, text))
    });
    let examples = tree
        .rust_under(Path::new("examples/src/bin"))
        .filter_map(|(path, text)| {
            let name = path.file_stem().unwrap_or_default();
            let most = if PLAIN.iter().any(|plain| name == *plain) {
                PLAIN_LINES
            } else {
                EXAMPLE
            };
            let lines = text.lines().count();
            (lines > most).then(|| Finding::new(path, format!("{lines} lines, {most} are allowed")))
        });
    adapters.chain(examples).collect()
}

/// Lines that an adapter's `src/` stays under.
const ADAPTER: usize = 300;

/// Lines of an example.
const EXAMPLE: usize = 100;

/// Lines of an example that uses no framework.
const PLAIN_LINES: usize = 60;

/// The examples that use no framework.
const PLAIN: [&str; 6] = [
    "quick_start",
    "json",
    "parse",
    "security",
    "reconnect",
    "notification",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::check;
    use crate::tidy::tree::planted;

    #[test]
    fn an_adapter_that_does_more_than_translate_is_found() {
        let half = "x\n".repeat(150);
        let tree = planted(&[
            ("sse-axum/src/lib.rs", &half),
            ("sse-axum/src/sse.rs", &half),
            ("sse-axum/tests/more.rs", &half),
            ("sse-warp/src/lib.rs", &half),
        ]);
        let expected = "sse-axum/src: 300 lines with unit tests, fewer than 300 are allowed";
        check(&find(&tree), &[expected]);
    }

    #[test]
    fn an_example_too_long_to_read_is_found() {
        let (long, plain) = ("x\n".repeat(101), "x\n".repeat(61));
        let tree = planted(&[
            ("examples/src/bin/axum_clock.rs", &long),
            ("examples/src/bin/json.rs", &plain),
            ("examples/src/bin/relay.rs", &plain),
        ]);
        check(
            &find(&tree),
            &[
                "examples/src/bin/axum_clock.rs: 101 lines, 100 are allowed",
                "examples/src/bin/json.rs: 61 lines, 60 are allowed",
            ],
        );
    }
}
