//! What `types/` tells editors is what the packages have.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mlua::{Lua, Table, Value};

use super::table::run;

/// The functions that a stub declares, each with the table that it stands in.
fn functions(text: &str) -> Vec<(&str, &str)> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("function "));
    let names = lines.filter_map(|line| line.split_once('(')?.0.split_once(['.', ':']));
    names.collect()
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
    super::register(&lua).unwrap();
    let server = ["kv", "sse"].map(String::from);
    let mut expected: BTreeSet<_> = packages().difference(&before).cloned().collect();
    expected.extend(server.clone());
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
        for (table, function) in functions(&text) {
            if table == name && !server.contains(&name) {
                let chunk = format!("return type(require('{name}').{function})");
                assert_eq!(run(&lua, &chunk), "'function'", "{name}.{function}");
            }
        }
        stubs.insert(name);
    }
    assert_eq!(stubs, expected);
}
