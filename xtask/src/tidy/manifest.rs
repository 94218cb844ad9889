//! What a member's manifest takes from the workspace.

use toml_edit::{DocumentMut, Item};

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;
use crate::workspace::Package;

pub(crate) fn find(tree: &Tree) -> Vec<Finding> {
    tree.members
        .iter()
        .flat_map(|package| check_one(tree, package))
        .collect()
}

fn check_one(tree: &Tree, package: &Package) -> Vec<Finding> {
    let path = tree.inside(&package.manifest_path);
    let text = tree.text(path).unwrap_or_default();
    let Ok(manifest) = text.parse::<DocumentMut>() else {
        return vec![Finding::new(path, "the manifest cannot be read")];
    };
    let mut findings = Vec::new();
    if !inherits(manifest.get("lints")) {
        findings.push(Finding::new(path, "`[lints] workspace = true` is missing"));
    }
    for key in ["version", "edition", "rust-version", "license"] {
        if !inherits(manifest.get("package").and_then(|package| package.get(key))) {
            findings.push(Finding::new(
                path,
                format!("`{key}.workspace = true` is missing"),
            ));
        }
    }
    for dependency in &package.dependencies {
        // A version would have to be in the registry before this crate can be packaged.
        let dev = dependency.kind.as_deref() == Some("dev") && dependency.path.is_some();
        if dev && package.is_published() && dependency.req != "*" {
            let text = format!("{}, used in tests only, has a version", dependency.name);
            findings.push(Finding::new(path, text));
        }
    }
    findings
}

fn inherits(item: Option<&Item>) -> bool {
    item.and_then(|item| item.get("workspace"))
        .and_then(Item::as_bool)
        == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding;
    use crate::tidy::tree::{member, planted};
    use crate::workspace::Dependency;

    const GOOD: &str = "[package]\nname = 'sse-axum'\nversion.workspace = true\n\
        edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\
        [lints]\nworkspace = true\n";

    #[track_caller]
    fn check(text: &str, dev: Option<&str>, expected: &[&str]) {
        let mut tree = planted(&[("sse-axum/Cargo.toml", text)]);
        let mut package = member("sse-axum", true);
        package.dependencies.extend(dev.map(|req| Dependency {
            name: "sse-warp".to_owned(),
            req: req.to_owned(),
            kind: Some("dev".to_owned()),
            path: Some("/root/sse-warp".into()),
            ..Dependency::default()
        }));
        tree.members.push(package);
        finding::check(&find(&tree), expected);
    }

    #[test]
    fn a_crate_with_lints_of_its_own_is_found() {
        let own = GOOD.replace(
            "[lints]\nworkspace = true",
            "[lints.rust]\nmissing_docs = 'allow'",
        );
        check(
            &own,
            None,
            &["sse-axum/Cargo.toml: `[lints] workspace = true` is missing"],
        );
    }

    #[test]
    fn a_crate_with_a_version_of_its_own_is_found() {
        let own = GOOD.replace("version.workspace = true\ned", "version = '1.0.0'\ned");
        check(
            &own,
            None,
            &["sse-axum/Cargo.toml: `version.workspace = true` is missing"],
        );
    }

    #[test]
    fn an_internal_dependency_of_the_tests_with_a_version_is_found() {
        check(GOOD, Some("*"), &[]);
        let expected = ["sse-axum/Cargo.toml: sse-warp, used in tests only, has a version"];
        check(GOOD, Some("=0.3.0"), &expected);
    }
}
