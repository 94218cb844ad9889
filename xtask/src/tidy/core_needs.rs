//! What the core depends on.

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

pub(crate) fn find(tree: &Tree) -> Vec<Finding> {
    let Some(core) = tree
        .members
        .iter()
        .find(|package| package.name == "sse-core")
    else {
        return vec![Finding::new("Cargo.toml", "there is no sse-core")];
    };
    let manifest = tree.inside(&core.manifest_path);
    let (mut findings, mut always) = (Vec::new(), Vec::new());
    for dependency in &core.dependencies {
        let name = dependency.name.as_str();
        let listed = match (dependency.kind.as_deref(), dependency.optional) {
            (Some("dev"), _) => true,
            (Some(_), _) => false,
            (None, true) => BEHIND_FEATURES.contains(&name),
            (None, false) => {
                always.push(name);
                ALWAYS.contains(&name)
            }
        };
        if !listed {
            findings.push(Finding::new(
                manifest,
                format!("{name} is not on the core's list"),
            ));
        }
    }
    let missing = ALWAYS.iter().filter(|name| !always.contains(name));
    let text = |name| format!("{name} is on the core's list and not among its dependencies");
    findings.extend(missing.map(|name| Finding::new(manifest, text(name))));
    findings
}

/// The core's dependencies without any feature.
const ALWAYS: [&str; 4] = ["bytes", "bytestring", "memchr", "simdutf8"];

/// The core's dependencies under features.
const BEHIND_FEATURES: [&str; 6] = [
    "futures-core",
    "http-body",
    "pin-project-lite",
    "serde",
    "serde_json",
    "tokio",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding;
    use crate::tidy::tree::{member, planted};
    use crate::workspace::Dependency;

    #[track_caller]
    fn check(needs: &[(&str, Option<&str>, bool)], expected: &[&str]) {
        let mut core = member("sse-core", true);
        core.dependencies = needs
            .iter()
            .map(|(name, kind, optional)| Dependency {
                name: (*name).to_owned(),
                kind: kind.map(str::to_owned),
                optional: *optional,
                ..Dependency::default()
            })
            .collect();
        let mut tree = planted(&[]);
        tree.members.push(core);
        finding::check(&find(&tree), expected);
    }

    const BARE: [(&str, Option<&str>, bool); 4] = [
        ("bytes", None, false),
        ("bytestring", None, false),
        ("memchr", None, false),
        ("simdutf8", None, false),
    ];

    #[test]
    fn an_unlisted_dependency_is_found_and_one_for_tests_is_not() {
        let more = [("regex", None, false), ("proptest", Some("dev"), false)];
        let needs = [&BARE[..], &more[..]].concat();
        check(
            &needs,
            &["sse-core/Cargo.toml: regex is not on the core's list"],
        );
    }

    #[test]
    fn a_dependency_that_belongs_behind_a_feature_is_found_when_it_is_always_on() {
        let needs = [&BARE[..], &[("tokio", None, false), ("serde", None, true)]].concat();
        check(
            &needs,
            &["sse-core/Cargo.toml: tokio is not on the core's list"],
        );
    }

    #[test]
    fn a_build_script_is_not_on_the_list() {
        let needs = [&BARE[..], &[("cc", Some("build"), false)]].concat();
        check(
            &needs,
            &["sse-core/Cargo.toml: cc is not on the core's list"],
        );
    }

    #[test]
    fn a_listed_dependency_that_is_gone_is_found() {
        let expected = "sse-core/Cargo.toml: memchr is on the core's list and not among its \
                        dependencies";
        check(&[BARE[0], BARE[1], BARE[3]], &[expected]);
    }
}
