//! The tables that the packages' tests are written as.

use mlua::{Lua, Result, Value};

/// A chunk, and how what it returns is written; an error begins with `!` and is part of its text.
pub(super) type Table<'a> = &'a [(&'a str, &'a str)];

/// Runs every chunk in one state of its own that has the package.
#[track_caller]
pub(super) fn check(register: impl Fn(&Lua) -> Result<()>, table: Table<'_>) {
    let mut wrong = Vec::new();
    for (chunk, expected) in table {
        let lua = Lua::new();
        register(&lua).expect("the package registers");
        let found = run(&lua, chunk);
        let holds = match expected.strip_prefix('!') {
            Some(part) => found.starts_with('!') && found.contains(part),
            None => &found == expected,
        };
        if !holds {
            wrong.push(format!("{chunk}\n gave {found}\n  not {expected}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs a chunk to its end on a runtime like the script's and writes what it returned.
pub(super) fn run(lua: &Lua, chunk: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let tasks = tokio::task::LocalSet::new();
    let result = tasks.block_on(&runtime, lua.load(chunk).eval_async::<Value>());
    match result {
        Ok(value) => written(&value),
        Err(error) => format!("!{error}"),
    }
}

/// A value as a Lua literal, keys in order.
pub(super) fn written(value: &Value) -> String {
    match value {
        Value::Nil => "nil".to_owned(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) => format!("{number:?}"),
        Value::String(text) => {
            let text = text.as_bytes().escape_ascii().to_string();
            format!("'{}'", text.replace("\\\"", "\""))
        }
        Value::LightUserData(pointer) if pointer.0.is_null() => "null".to_owned(),
        Value::Table(table) => {
            let list = table.sequence_values::<Value>().flatten();
            let mut parts: Vec<_> = list.map(|value| written(&value)).collect();
            let length = i64::try_from(parts.len()).expect("a short list");
            let mut named = Vec::new();
            for (key, value) in table.pairs::<Value, Value>().flatten() {
                match key {
                    Value::Integer(index) if (1..=length).contains(&index) => {}
                    Value::String(name) => {
                        named.push(format!("{}={}", name.to_string_lossy(), written(&value)));
                    }
                    other => named.push(format!("[{}]={}", written(&other), written(&value))),
                }
            }
            named.sort();
            parts.append(&mut named);
            format!("{{{}}}", parts.join(","))
        }
        other => other.type_name().to_owned(),
    }
}
