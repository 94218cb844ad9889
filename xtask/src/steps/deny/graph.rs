//! Packages that one of our crates would bring in twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::{Package, Workspace};

/// For each published crate the packages that its users build in two versions or more.
///
/// Dependencies of tests are of no concern to users, nor is what another of our crates needs.
pub(crate) fn duplicates(workspace: &Workspace, skipped: &[String]) -> Vec<String> {
    workspace
        .published()
        .flat_map(|package| duplicates_of(workspace, package, skipped))
        .collect()
}

fn duplicates_of(workspace: &Workspace, package: &Package, skipped: &[String]) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let built = built(workspace, &package.id);
    for built in workspace
        .packages
        .iter()
        .filter(|package| built.contains(package.id.as_str()))
    {
        versions
            .entry(&built.name)
            .or_default()
            .insert(&built.version);
    }
    let twice = versions.into_iter().filter(|(name, versions)| {
        versions.len() > 1 && !skipped.iter().any(|skipped| skipped == name)
    });
    let text = |(name, versions): (&str, BTreeSet<&str>)| {
        let versions: Vec<_> = versions.into_iter().collect();
        format!(
            "{}: {name} is there as {}",
            package.name,
            versions.join(" and ")
        )
    };
    twice.map(text).collect()
}

/// The packages reached from one through everything but dependencies of tests.
fn built<'a>(workspace: &'a Workspace, id: &'a str) -> BTreeSet<&'a str> {
    let nodes = workspace.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let nodes: BTreeMap<_, _> = nodes.map(|node| (node.id.as_str(), &node.deps)).collect();
    let (mut reached, mut open) = (BTreeSet::from([id]), vec![id]);
    while let Some(id) = open.pop() {
        for edge in nodes.get(id).into_iter().flat_map(|edges| edges.iter()) {
            let ships = edge
                .dep_kinds
                .iter()
                .any(|kind| kind.kind.as_deref() != Some("dev"));
            if ships && reached.insert(&edge.pkg) {
                open.push(&edge.pkg);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ours` needs `a`, which needs `b` 2; `ours` needs `b` 1 in the way given.
    fn workspace(kind: &str) -> Workspace {
        let package = |id: &str, name: &str, version: &str| {
            format!(
                r#"{{"id": "{id}", "name": "{name}", "version": "{version}", "features": {{}},
                    "manifest_path": "/{id}/Cargo.toml", "dependencies": [], "targets": []}}"#
            )
        };
        let edge = |id: &str, kind: &str| {
            format!(r#"{{"pkg": "{id}", "dep_kinds": [{{"kind": {kind}}}]}}"#)
        };
        let text = format!(
            r#"{{"workspace_members": ["ours"], "packages": [{}, {}, {}, {}],
                "resolve": {{"nodes": [{{"id": "ours", "deps": [{}, {}]}},
                {{"id": "a", "deps": [{}]}}]}}}}"#,
            package("ours", "ours", "1.0.0"),
            package("a", "a", "1.0.0"),
            package("b1", "b", "1.0.0"),
            package("b2", "b", "2.0.0"),
            edge("a", "null"),
            edge("b1", kind),
            edge("b2", "null"),
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_package_in_two_versions_is_found_and_can_be_skipped() {
        let expected = ["ours: b is there as 1.0.0 and 2.0.0"];
        assert_eq!(duplicates(&workspace("null"), &[]), expected);
        assert!(duplicates(&workspace("null"), &["b".to_owned()]).is_empty());
    }

    #[test]
    fn a_version_that_only_tests_use_is_no_duplicate() {
        assert!(duplicates(&workspace("\"dev\""), &[]).is_empty());
    }
}
