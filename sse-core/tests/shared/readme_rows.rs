//! Holds the tables of a crate's README against the test that compiles their right-hand sides.

/// Panics unless each row's right-hand code is in `source`.
#[track_caller]
pub(crate) fn check(readme: &str, source: &str) {
    let source = without_spaces(source);
    let mut rows = 0;
    for line in readme.lines().filter(|line| line.starts_with("| ")) {
        let line = line.replace(r"\|", "¦");
        let right = line.split('|').nth(2).expect("two columns").trim();
        let Some(code) = right
            .strip_prefix('`')
            .and_then(|right| right.split('`').next())
        else {
            continue;
        };
        // What the reader fills in is not compiled.
        let code = code.split('…').next().unwrap_or_default().replace('¦', "|");
        assert!(
            source.contains(&without_spaces(&code)),
            "nothing compiles `{code}`"
        );
        rows += 1;
    }
    assert!(rows > 0, "the README has no rows of code");
}

fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}
