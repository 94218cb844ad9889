//! `json`: Lua values as JSON and back.

mod decode;
mod encode;

pub(crate) use decode::decode;
pub(crate) use encode::{Layout, encode};

use mlua::{
    Function, Lua, LuaSerdeExt, LuaString, MetaMethod, Result, Table, UserData, UserDataFields,
    UserDataMethods, Value,
};

use super::argument;

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.register_module("json", Package)
}

/// Marks a table so that it is written as an array, even when it is empty.
pub(crate) fn mark(lua: &Lua, table: &Table) -> Result<()> {
    table.set_metatable(Some(lua.array_metatable()))
}

/// Whether a table carries the mark.
pub(crate) fn is_array(lua: &Lua, table: &Table) -> bool {
    table.metatable() == Some(lua.array_metatable())
}

struct Package;

impl UserData for Package {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field("null", Value::NULL);
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        type Call = (Value, Value, Option<bool>);
        methods.add_meta_function(MetaMethod::Call, |lua, (_, value, pretty): Call| {
            text(lua, &value, layout(pretty))
        });
        methods.add_function("encode", |lua, (value, pretty): (Value, Option<bool>)| {
            text(lua, &value, layout(pretty))
        });
        methods.add_function("decode", |lua, text: Value| {
            let text = argument::printed(&text, "json.decode", 1, lua)?;
            decode(lua, &text.as_bytes())
        });
        methods.add_function("array", |lua, table: Option<Table>| {
            let table = table.map_or_else(|| lua.create_table(), Ok)?;
            mark(lua, &table)?;
            Ok(table)
        });
        methods.add_function("print", |lua, value: Value| {
            print(lua, &value, Layout::Compact)
        });
        methods.add_function("pprint", |lua, value: Value| {
            print(lua, &value, Layout::Pretty)
        });
    }
}

fn layout(pretty: Option<bool>) -> Layout {
    match pretty {
        Some(true) => Layout::Pretty,
        _ => Layout::Compact,
    }
}

fn text(lua: &Lua, value: &Value, layout: Layout) -> Result<LuaString> {
    lua.create_string(encode(lua, value, layout)?)
}

fn print(lua: &Lua, value: &Value, layout: Layout) -> Result<()> {
    let print: Function = lua.globals().get("print")?;
    print.call(text(lua, value, layout)?)
}

#[cfg(test)]
mod tests;
