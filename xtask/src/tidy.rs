//! `cargo xtask tidy`: the house rules that a machine can check.

mod arrows;
mod budget;
mod core_needs;
mod finding;
mod forbid;
mod length;
mod manifest;
mod marks;
mod names;
pub(crate) mod papers;
pub(crate) mod tree;

use anyhow::Result;

use crate::report::{Options, Report};
use finding::Finding;
use tree::Tree;

/// A house rule: its name and what it finds in the tree.
struct Rule {
    name: &'static str,
    find: fn(&Tree) -> Vec<Finding>,
}

const RULES: &[Rule] = &[
    Rule {
        name: "a file is short",
        find: length::find,
    },
    Rule {
        name: "adapters and examples keep to their budget",
        find: budget::find,
    },
    Rule {
        name: "dependencies point up the picture",
        find: arrows::find,
    },
    Rule {
        name: "the core needs what it is allowed to need",
        find: core_needs::find,
    },
    Rule {
        name: "manifests inherit",
        find: manifest::find,
    },
    Rule {
        name: "crates forbid unsafe code",
        find: forbid::find,
    },
    Rule {
        name: "crates have their papers",
        find: papers::find,
    },
    Rule {
        name: "public names use the standard's words",
        find: names::find,
    },
    Rule {
        name: "nothing is left for later",
        find: marks::find,
    },
];

/// Checks every rule; each is a test.
///
/// # Errors
///
/// The tree cannot be read.
pub(crate) fn run(_options: Options) -> Result<Report> {
    let tree = Tree::read()?;
    let mut report = Report::new();
    for rule in RULES {
        let findings = (rule.find)(&tree);
        if findings.iter().all(Finding::is_warning) {
            report.pass();
        } else {
            report.fail(format!("not so: {}", rule.name));
        }
        report
            .notes
            .extend(findings.iter().map(ToString::to_string));
    }
    Ok(report)
}
