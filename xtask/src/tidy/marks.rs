//! Marks of unfinished work.

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

pub(crate) fn find(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in &tree.files {
        for (index, line) in text.lines().enumerate() {
            let mark = MARKS.iter().find(|mark| line.contains(*mark));
            findings.extend(mark.map(|mark| Finding::new(path, *mark).at(index + 1)));
        }
    }
    findings
}

/// Put together, so that this file does not find itself.
const MARKS: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::check;
    use crate::tidy::tree::planted;

    #[test]
    fn a_mark_is_found_in_code_and_in_text() {
        let (code, text) = (
            format!("fn a() {{\n    // {} later\n}}", MARKS[0]),
            MARKS[1],
        );
        let tree = planted(&[("a.rs", &code), ("b.md", text), ("c.md", "to do: nothing")]);
        check(
            &find(&tree),
            &[&format!("a.rs:2: {}", MARKS[0]), &format!("b.md:1: {text}")],
        );
    }
}
