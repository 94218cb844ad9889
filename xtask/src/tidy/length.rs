//! The length of a file.

use crate::tidy::finding::Finding;
use crate::tidy::tree::{Tree, is_rust};

pub(crate) fn find(tree: &Tree) -> Vec<Finding> {
    let rust = tree.files.iter().filter(|(path, _)| is_rust(path));
    rust.filter_map(|(path, text)| match text.lines().count() {
        ..=SMELL => None,
        lines @ ..=MOST => Some(Finding::warning(
            path,
            format!("{lines} lines, {SMELL} is a smell"),
        )),
        lines => Some(Finding::new(
            path,
            format!("{lines} lines, {MOST} are allowed"),
        )),
    })
    .collect()
}

const SMELL: usize = 300;
const MOST: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::check;
    use crate::tidy::tree::planted;

    #[test]
    fn a_long_file_is_found_and_a_longish_one_smells() {
        let (fine, smell) = ("x\n".repeat(SMELL), "x\n".repeat(SMELL + 1));
        let (most, long) = ("x\n".repeat(MOST), "x\n".repeat(MOST + 1));
        let tree = planted(&[
            ("a/fine.rs", &fine),
            ("a/smell.rs", &smell),
            ("b/long.md", &long),
            ("b/long.rs", &long),
            ("b/most.rs", &most),
        ]);
        check(
            &find(&tree),
            &[
                "warning: a/smell.rs: 301 lines, 300 is a smell",
                "b/long.rs: 501 lines, 500 are allowed",
                "warning: b/most.rs: 500 lines, 300 is a smell",
            ],
        );
    }
}
