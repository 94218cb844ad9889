//! `base64`: bytes as text, in the standard and in the URL alphabet, always padded.

use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use mlua::{Error, Lua, LuaString, MetaMethod, Result, UserData, UserDataMethods, Value};

use super::argument;

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.register_module("base64", Standard)
}

struct Standard;

struct UrlSafe;

impl UserData for Standard {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        add::<Self, M>(methods, &STANDARD);
        methods.add_function("urlsafe", |_, ()| Ok(UrlSafe));
    }
}

impl UserData for UrlSafe {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        add::<Self, M>(methods, &URL_SAFE);
    }
}

fn add<T, M: UserDataMethods<T>>(methods: &mut M, engine: &'static GeneralPurpose) {
    methods.add_meta_function(MetaMethod::Call, |_, (_, data): (Value, Value)| {
        encode(engine, &data)
    });
    methods.add_function("encode", |_, data: Value| encode(engine, &data));
    methods.add_function("decode", |lua, text: Value| decode(lua, engine, &text));
}

fn encode(engine: &GeneralPurpose, data: &Value) -> Result<String> {
    let data = argument::text(data, "base64.encode", 1)?;
    Ok(engine.encode(data.as_bytes()))
}

fn decode(lua: &Lua, engine: &GeneralPurpose, text: &Value) -> Result<LuaString> {
    let text = argument::text(text, "base64.decode", 1)?;
    let data = engine
        .decode(text.as_bytes())
        .map_err(|error| Error::runtime(format_args!("not base64: {error}")))?;
    lua.create_string(data)
}

#[cfg(test)]
mod tests {
    use crate::script::packages::table::check;

    #[test]
    fn each_function_keeps_to_its_table() {
        check(
            super::register,
            &[
                ("return require('base64').encode('hello')", "'aGVsbG8='"),
                ("return require('base64')('hello')", "'aGVsbG8='"),
                ("return require('base64').encode('')", "''"),
                ("return require('base64').encode('\\0\\255\\254')", "'AP/+'"),
                (
                    "return require('base64').decode('AP/+')",
                    "'\\x00\\xff\\xfe'",
                ),
                (
                    "return require('base64').encode(5)",
                    "!string expected, got number",
                ),
                (
                    "return require('base64')()",
                    "!string expected, got no value",
                ),
                (
                    "return require('base64').decode(5)",
                    "!string expected, got number",
                ),
                ("return require('base64').decode('aGVsbG8')", "!not base64"),
                (
                    "return require('base64').decode('aGVs bG8=')",
                    "!not base64",
                ),
                (
                    "return require('base64').decode('aGVsbG8=\\n')",
                    "!not base64",
                ),
                ("return require('base64').decode('_-8=')", "!not base64"),
                (
                    "return require('base64').urlsafe().encode('\\0\\255\\254')",
                    "'AP_-'",
                ),
                ("return require('base64').urlsafe()('a')", "'YQ=='"),
                (
                    "return require('base64').urlsafe().decode('AP_-')",
                    "'\\x00\\xff\\xfe'",
                ),
                (
                    "return require('base64').urlsafe().decode('AP/+')",
                    "!not base64",
                ),
                (
                    "return require('base64').urlsafe().decode('YQ')",
                    "!not base64",
                ),
            ],
        );
    }
}
