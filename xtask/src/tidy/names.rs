//! One word per thing in public names.

use syn::visit::{self, Visit};
use syn::{Ident, Visibility};

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

pub(crate) fn find(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in tree.members.iter().filter(|package| package.is_published()) {
        let source = tree.inside(package.directory()).join("src");
        for (path, text) in tree.rust_under(&source) {
            let Ok(file) = syn::parse_file(text) else {
                findings.push(Finding::new(path, "the file cannot be read as Rust"));
                continue;
            };
            let mut names = Names::default();
            names.visit_file(&file);
            findings.extend(names.found.iter().map(|(line, name, word, instead)| {
                Finding::new(path, format!("`{name}`: not {word}, {instead}")).at(*line)
            }));
        }
    }
    findings
}

/// Public names with a banned word: line, name, word, and what to write.
#[derive(Debug, Default)]
struct Names {
    found: Vec<(usize, String, &'static str, &'static str)>,
}

impl Names {
    fn look(&mut self, name: &Ident) {
        let text = name.to_string();
        let words = words(&text);
        let banned = BANNED.iter().find(|(banned, _)| {
            words
                .iter()
                .any(|word| word.strip_prefix(banned).is_some_and(is_ending))
        });
        if let Some((word, instead)) = banned {
            self.found
                .push((name.span().start().line, text, word, instead));
        }
    }

    fn look_if(&mut self, visibility: &Visibility, name: &Ident) {
        if matches!(visibility, Visibility::Public(_)) {
            self.look(name);
        }
    }
}

/// Methods that implement a trait have no visibility of their own: names that another crate's
/// trait requires are never looked at.
impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        match item {
            syn::Item::Const(item) => self.look_if(&item.vis, &item.ident),
            syn::Item::Enum(item) => self.look_if(&item.vis, &item.ident),
            syn::Item::Fn(item) => self.look_if(&item.vis, &item.sig.ident),
            syn::Item::Mod(item) => self.look_if(&item.vis, &item.ident),
            syn::Item::Static(item) => self.look_if(&item.vis, &item.ident),
            syn::Item::Struct(item) => self.look_if(&item.vis, &item.ident),
            syn::Item::Trait(item) => self.look_if(&item.vis, &item.ident),
            syn::Item::Type(item) => self.look_if(&item.vis, &item.ident),
            _ => {}
        }
        let private = match item {
            syn::Item::Enum(item) => !matches!(item.vis, Visibility::Public(_)),
            syn::Item::Trait(item) => !matches!(item.vis, Visibility::Public(_)),
            syn::Item::Mod(item) => item.attrs.iter().any(is_test),
            // Bodies hold no public names.
            syn::Item::Fn(_) => true,
            _ => false,
        };
        if !private {
            visit::visit_item(self, item);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let Some(name) = &field.ident {
            self.look_if(&field.vis, name);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        self.look(&variant.ident);
    }

    fn visit_impl_item_fn(&mut self, method: &'ast syn::ImplItemFn) {
        self.look_if(&method.vis, &method.sig.ident);
    }

    fn visit_impl_item_const(&mut self, constant: &'ast syn::ImplItemConst) {
        self.look_if(&constant.vis, &constant.ident);
    }

    fn visit_trait_item_fn(&mut self, method: &'ast syn::TraitItemFn) {
        self.look(&method.sig.ident);
    }

    fn visit_use_rename(&mut self, rename: &'ast syn::UseRename) {
        self.look(&rename.rename);
    }
}

fn is_test(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute
            .parse_args::<Ident>()
            .is_ok_and(|condition| condition == "test")
}

/// The words of a name in any of Rust's cases, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_was_lower = false;
    for c in name.chars() {
        if c == '_' || (c.is_uppercase() && before_was_lower) {
            words.push(String::new());
        }
        before_was_lower = c.is_lowercase();
        if let (Some(word), true) = (words.last_mut(), c != '_') {
            word.extend(c.to_lowercase());
        }
    }
    words
}

/// Whether a word with this after its stem is still the same word: `pings` is, `pinged` is,
/// `pinning` is not.
fn is_ending(rest: &str) -> bool {
    ["", "s", "d", "r", "rs", "ed", "er", "ers", "ing"].contains(&rest)
}

/// Stems of banned words, and the word for the thing.
const BANNED: [(&str, &str); 14] = [
    ("heartbeat", "keep-alive"),
    ("ping", "keep-alive"),
    ("payload", "data"),
    ("backend", "provider"),
    ("driver", "provider"),
    ("serialize", "encode"),
    ("serializ", "encode"),
    ("serialise", "encode"),
    ("deserialize", "decode"),
    ("parse", "decode"),
    ("pars", "decode"),
    ("broker", "hub"),
    ("backlog", "replay"),
    ("history", "replay"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding;
    use crate::tidy::tree::{member, planted};

    #[track_caller]
    fn check(source: &str, expected: &[&str]) {
        let mut tree = planted(&[("sse-core/src/lib.rs", source)]);
        tree.members.push(member("sse-core", true));
        let expected: Vec<_> = expected
            .iter()
            .map(|text| format!("sse-core/src/lib.rs:{text}"))
            .collect();
        let expected: Vec<_> = expected.iter().map(String::as_str).collect();
        finding::check(&find(&tree), &expected);
    }

    #[test]
    fn a_banned_word_is_found_in_every_kind_of_public_name() {
        check(
            "pub struct PingInterval;",
            &["1: `PingInterval`: not ping, keep-alive"],
        );
        check("pub fn parse() {}", &["1: `parse`: not parse, decode"]);
        check(
            "pub mod backend {}",
            &["1: `backend`: not backend, provider"],
        );
        check(
            "pub const HEARTBEAT: u8 = 1;",
            &["1: `HEARTBEAT`: not heartbeat, keep-alive"],
        );
        check(
            "pub enum End {\n Payload,\n}",
            &["2: `Payload`: not payload, data"],
        );
        check(
            "pub struct Event {\n pub payload: u8,\n}",
            &["2: `payload`: not payload, data"],
        );
        check(
            "pub trait Log {\n fn driver(&self);\n}",
            &["2: `driver`: not driver, provider"],
        );
        check(
            "impl Event {\n pub fn serialize(&self) {}\n}",
            &["2: `serialize`: not serialize, encode"],
        );
        check("pub type Parser = u8;", &["1: `Parser`: not parse, decode"]);
        check(
            "pub use a::B as Parsing;",
            &["1: `Parsing`: not pars, decode"],
        );
    }

    #[test]
    fn names_that_a_foreign_trait_requires_are_exempt() {
        check(
            "impl Serialize for Event {\n fn serialize(&self) {}\n}",
            &[],
        );
        check("pub use serde::Serialize;", &[]);
    }

    #[test]
    fn private_names_and_tests_are_free() {
        check(
            "fn parse() {}\nstruct Payload { ping: u8 }\npub(crate) fn ping() {}",
            &[],
        );
        check(
            "enum Inner { Payload }\ntrait Inside { fn parse(&self); }",
            &[],
        );
        check("#[cfg(test)]\npub mod tests { pub fn parse() {} }", &[]);
    }

    #[test]
    fn a_word_inside_another_is_no_find() {
        check(
            "pub fn mapping() {}\npub struct Sparse;\npub fn pinning() {}",
            &[],
        );
    }
}
