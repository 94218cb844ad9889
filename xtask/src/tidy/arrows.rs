//! The direction of dependencies between our crates.

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;
use crate::workspace::{Dependency, Package};

/// The crates that translate the core's types for a framework.
pub(crate) const ADAPTERS: [&str; 4] = ["sse-axum", "sse-actix", "sse-warp", "sse-hyper"];

pub(crate) fn find(tree: &Tree) -> Vec<Finding> {
    let published = tree.members.iter().filter(|package| package.is_published());
    published
        .flat_map(|package| check_one(tree, package))
        .collect()
}

fn check_one(tree: &Tree, package: &Package) -> Vec<Finding> {
    let manifest = tree.inside(&package.manifest_path);
    let Some((_, allowed)) = PICTURE.iter().find(|(name, _)| *name == package.name) else {
        return vec![Finding::new(
            manifest,
            "the crate has no place in the picture",
        )];
    };
    let ours = |dependency: &&Dependency| {
        let member = tree
            .members
            .iter()
            .any(|member| member.name == dependency.name);
        // Tests may use anything: a cycle through them is no cycle of the crates.
        member && dependency.kind.as_deref() != Some("dev")
    };
    let used = package.dependencies.iter().filter(ours);
    let wrong = used.filter(|dependency| !allowed.contains(&dependency.name.as_str()));
    let text = |name| format!("the crate must not depend on {name}");
    wrong
        .map(|dependency| Finding::new(manifest, text(&dependency.name)))
        .collect()
}

/// What each published crate may depend on among ours.
const PICTURE: [(&str, &[&str]); 10] = [
    ("sse-core", &[]),
    ("sse-axum", &["sse-core"]),
    ("sse-actix", &["sse-core"]),
    ("sse-warp", &["sse-core"]),
    ("sse-hyper", &["sse-core"]),
    ("sse-hub", &["sse-core"]),
    ("sse-client", &["sse-core"]),
    ("sse-redis", &["sse-core", "sse-hub"]),
    ("sse-nats", &["sse-core", "sse-hub"]),
    (
        "sse-server",
        &[
            "sse-core",
            "sse-axum",
            "sse-hub",
            "sse-client",
            "sse-redis",
            "sse-nats",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding;
    use crate::tidy::tree::{member, planted};

    #[track_caller]
    fn check(name: &str, needs: &[(&str, Option<&str>)], expected: &[&str]) {
        let mut tree = planted(&[]);
        tree.members = ["sse-core", "sse-axum", "sse-warp", "sse-hub", "sse-oddity"]
            .map(|name| member(name, true))
            .into();
        tree.members
            .retain(|package| package.name != name && package.name != "sse-oddity");
        tree.members.push(member("xtask", false));
        let mut package = member(name, true);
        package.dependencies = needs
            .iter()
            .map(|(name, kind)| Dependency {
                name: (*name).to_owned(),
                kind: kind.map(str::to_owned),
                ..Dependency::default()
            })
            .collect();
        tree.members.push(package);
        finding::check(&find(&tree), expected);
    }

    #[test]
    fn an_adapter_on_another_or_on_the_hub_is_found() {
        let needs = [
            ("sse-core", None),
            ("sse-warp", None),
            ("sse-hub", None),
            ("bytes", None),
        ];
        check(
            "sse-axum",
            &needs,
            &[
                "sse-axum/Cargo.toml: the crate must not depend on sse-warp",
                "sse-axum/Cargo.toml: the crate must not depend on sse-hub",
            ],
        );
    }

    #[test]
    fn an_arrow_that_points_down_is_found_even_for_a_build() {
        let expected = ["sse-core/Cargo.toml: the crate must not depend on sse-axum"];
        check("sse-core", &[("sse-axum", Some("build"))], &expected);
    }

    #[test]
    fn tests_may_use_any_crate() {
        check("sse-core", &[("sse-axum", Some("dev"))], &[]);
    }

    #[test]
    fn a_published_crate_on_an_unpublished_one_is_found() {
        let expected = ["sse-warp/Cargo.toml: the crate must not depend on xtask"];
        check("sse-warp", &[("xtask", None)], &expected);
    }

    #[test]
    fn a_crate_without_a_place_in_the_picture_is_found() {
        let expected = ["sse-oddity/Cargo.toml: the crate has no place in the picture"];
        check("sse-oddity", &[], &expected);
    }
}
