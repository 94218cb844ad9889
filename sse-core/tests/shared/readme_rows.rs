//! Holds the tables of a crate's README against the tests that compile their sides.

/// Panics unless each row's right-hand code is in `source`, comments aside.
#[track_caller]
pub(crate) fn check(readme: &str, source: &str) {
    demand(rows(readme, RIGHT), source);
}

/// Panics unless each left-hand code of the table under "Coming from" is in `source`, comments aside.
#[allow(
    dead_code,
    reason = "a crate may not depend on what its users come from"
)]
#[track_caller]
pub(crate) fn check_left(readme: &str, source: &str) {
    let table = readme.split_once("\n## Coming from ");
    let (_, table) = table.expect("a table under \"Coming from\"");
    demand(rows(table, LEFT), source);
}

#[track_caller]
fn demand(rows: Vec<String>, source: &str) {
    assert!(!rows.is_empty(), "the README has no rows of code");
    let missing = missing(rows, source);
    assert!(missing.is_empty(), "nothing compiles {missing:#?}");
}

/// The first code of each row's cell in a column, if the cell begins with it.
fn rows(text: &str, column: usize) -> Vec<String> {
    let mut rows = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let line = line.replace(r"\|", "¦");
        let cell = line.split('|').nth(column).expect("two columns").trim();
        let code = cell
            .strip_prefix('`')
            .and_then(|cell| cell.split('`').next());
        // What the reader fills in is not compiled.
        let code = code.map(|code| code.split('…').next().unwrap_or_default());
        rows.extend(code.map(|code| code.replace('¦', "|")));
    }
    rows
}

/// The rows that are not in the code of `source`.
fn missing(mut rows: Vec<String>, source: &str) -> Vec<String> {
    assert!(!source.contains("/*"), "write comments with //");
    // A comment compiles nothing.
    let lines = source.lines().map(str::trim_start);
    let code = lines.filter(|line| !line.starts_with("//"));
    let code = code.map(|line| line.split(" //").next().unwrap_or_default());
    let code: String = code.map(without_spaces).collect();
    rows.retain(|row| !code.contains(&without_spaces(row)));
    rows
}

fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}

const LEFT: usize = 1;
const RIGHT: usize = 2;

#[test]
fn a_row_is_compiled_by_code_and_not_by_a_comment() {
    let readme = "| a | b |\n|---|---|\n| `x.y()` | `f(\\|z\\| …)` or `g()` |\n| `h` | nothing |\n";
    assert_eq!(rows(readme, LEFT), ["x.y()", "h"]);
    assert_eq!(rows(readme, RIGHT), ["f(|z| "]);
    let missing = |source| missing(rows(readme, LEFT), source);
    assert_eq!(missing("let a = x\n    .y();\nh"), [""; 0]);
    assert_eq!(missing("// x.y() and h"), ["x.y()", "h"]);
    assert_eq!(missing("x.y(); // h"), ["h"]);
}
