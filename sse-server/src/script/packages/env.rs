//! `env`: the environment the server was started in.

use std::env;
use std::ffi::OsString;

use mlua::{Error, Lua, LuaString, MetaMethod, Result, UserData, UserDataMethods, Value};

use super::argument;

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.register_module("env", Package)
}

struct Package;

impl UserData for Package {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        type Call = (Value, Value, Value);
        methods.add_meta_function(MetaMethod::Call, |lua, (_, name, default): Call| {
            get(lua, &name, default)
        });
        methods.add_function("get", |lua, (name, default): (Value, Value)| {
            get(lua, &name, default)
        });
        methods.add_function("need", |lua, name: Value| {
            let name = argument::utf8(&name, "env.need", 1)?;
            let value = variable(lua, &name)?;
            value.ok_or_else(|| {
                Error::runtime(format_args!("the environment variable {name} is not set"))
            })
        });
    }
}

fn get(lua: &Lua, name: &Value, default: Value) -> Result<Value> {
    let name = argument::utf8(name, "env.get", 1)?;
    Ok(variable(lua, &name)?.map_or(default, Value::String))
}

/// A variable that is set but empty is an empty string.
fn variable(lua: &Lua, name: &str) -> Result<Option<LuaString>> {
    // The standard library panics on a name that no environment can hold.
    if name.is_empty() || name.contains(['=', '\0']) {
        return Ok(None);
    }
    let value = env::var_os(name).map(OsString::into_encoded_bytes);
    value.map(|value| lua.create_string(value)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::packages::table::check;

    #[test]
    fn each_function_keeps_to_its_table() {
        let manifest = format!("'{}'", env!("CARGO_MANIFEST_DIR"));
        check(
            register,
            &[
                ("return require('env').get('CARGO_MANIFEST_DIR')", &manifest),
                ("return require('env')('CARGO_MANIFEST_DIR')", &manifest),
                (
                    "return require('env').need('CARGO_MANIFEST_DIR')",
                    &manifest,
                ),
                ("return require('env').get('SSE_SERVER_UNSET_HERE')", "nil"),
                (
                    "return require('env').get('SSE_SERVER_UNSET_HERE', 'd')",
                    "'d'",
                ),
                ("return require('env')('SSE_SERVER_UNSET_HERE', 5)", "5"),
                (
                    "return require('env').get('CARGO_MANIFEST_DIR', 'd') ~= 'd'",
                    "true",
                ),
                (
                    "return require('env').need('SSE_SERVER_UNSET_HERE')",
                    "!SSE_SERVER_UNSET_HERE is not set",
                ),
                ("return require('env').get('')", "nil"),
                ("return require('env').get('a=b')", "nil"),
                ("return require('env').get('a\\0b')", "nil"),
                (
                    "return require('env').get(5)",
                    "!string expected, got number",
                ),
                (
                    "return require('env').get()",
                    "!string expected, got no value",
                ),
            ],
        );
    }
}
