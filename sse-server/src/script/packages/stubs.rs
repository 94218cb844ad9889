//! What `types/` tells editors is what the packages have.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use mlua::{Lua, Table, Value};

use super::kv::Store;
use super::table::run;
use crate::script::{host::Host, shared::Shared, trial::Alone};

/// The functions and methods that a stub declares, each with what it stands in.
fn functions(text: &str) -> Vec<(&str, &str)> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("function "));
    let names = lines.filter_map(|line| line.split_once('(')?.0.split_once(['.', ':']));
    names.collect()
}

/// How scripts come by the objects that stubs name.
const OBJECTS: [(&str, &str); 6] = [
    ("alphabet", "require('base64').urlsafe()"),
    ("agent", "require('http').agent()"),
    ("cipher", "require('fernet')()"),
    ("database", "require('sqlite').open(':memory:')"),
    ("library", "require('template').library{}"),
    ("transaction", "transaction"),
];

/// Looks a function up in a package, or in an object; what has a transaction hands it to a function.
fn look(table: &str, name: &str, function: &str) -> String {
    let is_object = |(object, _): &&(&str, &str)| *object == table;
    match OBJECTS.iter().find(is_object) {
        Some(("transaction", _)) => format!(
            "return require('sqlite').open(':memory:'):transaction(function(transaction)
                return type(transaction.{function})
            end)"
        ),
        Some((_, made)) => format!("return type(({made}).{function})"),
        None => {
            assert_eq!(table, name, "{table}.{function} stands in nothing");
            format!("return type(require('{name}').{function})")
        }
    }
}

#[test]
fn every_package_has_a_stub_and_every_function_of_a_stub_exists() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("types");
    let lua = Lua::new();
    let loaded: Table = lua.load("return package.loaded").eval().unwrap();
    let packages = || {
        loaded
            .pairs::<String, Value>()
            .map(|pair| pair.unwrap().0)
            .collect()
    };
    let before: BTreeSet<String> = packages();
    let (host, shared): (Arc<dyn Host>, _) = (Arc::new(Alone), Arc::new(Shared::new()));
    super::register_all(&lua, &host, &shared, &Store::default()).unwrap();
    let mut expected: BTreeSet<_> = packages().difference(&before).cloned().collect();
    expected.insert("hooks".to_owned());

    let mut stubs = BTreeSet::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(
            run(&Lua::new(), &format!("return load([==[{text}]==]) ~= nil")),
            "true"
        );
        let declared = functions(&text);
        for (table, function) in &declared {
            let found = run(&lua, &look(table, &name, function));
            assert_eq!(found, "'function'", "{table}.{function} of {name}.lua");
        }
        // The packages that are tables can be asked what they have.
        if let Ok(package) = loaded.get::<Table>(&*name) {
            for pair in package.pairs::<String, Value>() {
                let (function, _) = pair.unwrap();
                assert!(
                    declared.contains(&(&*name, &*function)),
                    "{name}.lua lacks {function}"
                );
            }
        }
        stubs.insert(name);
    }
    assert_eq!(stubs, expected);
}
