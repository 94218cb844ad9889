//! `#![forbid(unsafe_code)]`, and the exceptions.

use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, Visibility};

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
    let shipped = package.targets.iter().filter(|target| {
        target
            .kind
            .iter()
            .any(|kind| kind == "bin" || kind.ends_with("lib"))
    });
    let mut findings = Vec::new();
    for target in shipped {
        let path = tree.inside(&target.src_path);
        let first = tree
            .text(path)
            .and_then(|text| text.lines().next())
            .unwrap_or_default();
        match first {
            "#![forbid(unsafe_code)]" => {}
            "#![deny(unsafe_code)]" if EXCEPTIONS.contains(&&*package.name) => {
                findings.extend(one_module(tree, package, path));
            }
            _ => findings
                .push(Finding::new(path, "the first line is not `#![forbid(unsafe_code)]`").at(1)),
        }
    }
    findings
}

/// The exception may open exactly one private module to unsafe code, and nothing else.
fn one_module(tree: &Tree, package: &Package, crate_root: &Path) -> Vec<Finding> {
    let source = tree.inside(package.directory()).join("src");
    let (mut findings, mut opened) = (Vec::new(), 0);
    for (path, text) in tree.rust_under(&source) {
        let Ok(file) = syn::parse_file(text) else {
            findings.push(Finding::new(path, "the file cannot be read as Rust"));
            continue;
        };
        let mut doors = Doors::default();
        doors.visit_file(&file);
        opened += doors.all.len();
        for line in doors
            .all
            .iter()
            .filter(|line| !doors.private_modules.contains(line))
        {
            let text = "unsafe code is allowed on something else than a private module";
            findings.push(Finding::new(path, text).at(*line));
        }
    }
    if opened != 1 {
        let text = format!("{opened} places allow unsafe code, exactly one private module may");
        findings.push(Finding::new(crate_root, text));
    }
    findings
}

/// The lines of the attributes that allow unsafe code, and those of them on a private module.
#[derive(Default)]
struct Doors {
    all: Vec<usize>,
    private_modules: Vec<usize>,
}

impl<'ast> Visit<'ast> for Doors {
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        self.all.extend(line_if_door(attribute));
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if matches!(module.vis, Visibility::Inherited) {
            self.private_modules
                .extend(module.attrs.iter().filter_map(line_if_door));
        }
        visit::visit_item_mod(self, module);
    }
}

fn line_if_door(attribute: &Attribute) -> Option<usize> {
    let allows = attribute.path().is_ident("allow") || attribute.path().is_ident("expect");
    let lints = attribute.meta.require_list().ok()?.tokens.clone();
    let names = lints
        .into_iter()
        .any(|token| token.to_string() == "unsafe_code");
    (allows && names).then(|| attribute.pound_token.spans[0].start().line)
}

/// The crates that may say `deny`: vector loads, and a Lua state without restrictions.
const EXCEPTIONS: [&str; 2] = ["sse-core", "sse-server"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding;
    use crate::tidy::tree::{member, planted};
    use crate::workspace::Target;

    #[track_caller]
    fn check(name: &str, files: &[(&str, &str)], expected: &[&str]) {
        let mut tree = planted(files);
        let mut package = member(name, true);
        package.targets = vec![Target {
            kind: vec!["lib".to_owned()],
            src_path: Path::new("/root").join(name).join("src/lib.rs"),
            ..Target::default()
        }];
        tree.members.push(package);
        finding::check(&find(&tree), expected);
    }

    #[test]
    fn a_crate_that_does_not_forbid_on_its_first_line_is_found() {
        let expected = ["sse-warp/src/lib.rs:1: the first line is not `#![forbid(unsafe_code)]`"];
        check(
            "sse-warp",
            &[("sse-warp/src/lib.rs", "#![forbid(unsafe_code)]\n")],
            &[],
        );
        check(
            "sse-warp",
            &[("sse-warp/src/lib.rs", "//! Docs.\n")],
            &expected,
        );
        check(
            "sse-warp",
            &[("sse-warp/src/lib.rs", "#![deny(unsafe_code)]\n")],
            &expected,
        );
    }

    #[test]
    fn the_core_may_open_one_private_module() {
        let root = "#![deny(unsafe_code)]\n#[allow(unsafe_code)]\nmod mask;\n";
        check("sse-core", &[("sse-core/src/lib.rs", root)], &[]);
        let inner = "#[expect(\n    unsafe_code,\n    reason = \"fast\"\n)]\nmod mask;\n";
        let root = "#![deny(unsafe_code)]\nmod scan;\n";
        let files = [
            ("sse-core/src/lib.rs", root),
            ("sse-core/src/scan.rs", inner),
        ];
        check("sse-core", &files, &[]);
    }

    #[test]
    fn a_second_opened_module_is_found() {
        let root = "#![deny(unsafe_code)]\n#[allow(unsafe_code)]\nmod mask;\n\
                    #[expect(unsafe_code, reason = \"fast\")]\nmod text;\n";
        let expected = "sse-core/src/lib.rs: 2 places allow unsafe code, exactly one private \
                        module may";
        check("sse-core", &[("sse-core/src/lib.rs", root)], &[expected]);
    }

    #[test]
    fn an_opened_function_is_found() {
        let inner = "#[allow(unsafe_code)]\nfn load() {}\n";
        let files = [
            ("sse-core/src/lib.rs", "#![deny(unsafe_code)]\nmod mask;\n"),
            ("sse-core/src/mask.rs", inner),
        ];
        let text = "unsafe code is allowed on something else than a private module";
        check(
            "sse-core",
            &files,
            &[&format!("sse-core/src/mask.rs:1: {text}")],
        );
    }
}
