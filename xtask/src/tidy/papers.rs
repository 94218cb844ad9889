//! The files that go with a published crate.

use std::path::Path;

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

/// The files that every published crate has beside its manifest.
pub(crate) const PAPERS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];

pub(crate) fn find(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(too_long(tree, Path::new("README.md"), ROOT_README));
    for package in tree.members.iter().filter(|package| package.is_published()) {
        let directory = tree.inside(package.directory());
        for paper in PAPERS {
            let path = directory.join(paper);
            if tree.text(&path).is_none_or(|text| text.trim().is_empty()) {
                findings.push(Finding::new(path, "a published crate must have it"));
            }
        }
        findings.extend(too_long(tree, &directory.join("README.md"), README));
    }
    findings
}

fn too_long(tree: &Tree, path: &Path, most: usize) -> Option<Finding> {
    let lines = tree.text(path)?.lines().count();
    (lines > most).then(|| Finding::new(path, format!("{lines} lines, {most} are allowed")))
}

/// Lines of the repository's README: its first screens.
const ROOT_README: usize = 80;

/// Lines of a crate's README, which is its first page of docs, too.
const README: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding;
    use crate::tidy::tree::{member, planted};

    #[track_caller]
    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let mut tree = planted(files);
        tree.members
            .extend([member("sse-axum", true), member("examples", false)]);
        finding::check(&find(&tree), expected);
    }

    #[test]
    fn a_missing_or_empty_paper_is_found() {
        let files = [
            ("sse-axum/CHANGELOG.md", "\n"),
            ("sse-axum/LICENSE-MIT", "MIT"),
            ("sse-axum/README.md", "# sse-axum"),
        ];
        check(
            &files,
            &[
                "sse-axum/CHANGELOG.md: a published crate must have it",
                "sse-axum/LICENSE-APACHE: a published crate must have it",
            ],
        );
    }

    #[test]
    fn a_readme_that_nobody_would_finish_is_found() {
        let (root, own) = ("x\n".repeat(81), "x\n".repeat(121));
        let files = [
            ("README.md", root.as_str()),
            ("sse-axum/CHANGELOG.md", "x"),
            ("sse-axum/LICENSE-APACHE", "x"),
            ("sse-axum/LICENSE-MIT", "x"),
            ("sse-axum/README.md", own.as_str()),
        ];
        let expected = [
            "README.md: 81 lines, 80 are allowed",
            "sse-axum/README.md: 121 lines, 120 are allowed",
        ];
        check(&files, &expected);
    }
}
