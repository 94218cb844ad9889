//! `uuid`: identifiers that need no registry.

use mlua::{Lua, MetaMethod, MultiValue, Result, UserData, UserDataMethods};
use uuid::Uuid;

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.register_module("uuid", Package)
}

struct Package;

impl UserData for Package {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_function(MetaMethod::Call, |_, _: MultiValue| Ok(v4()));
        methods.add_function("v4", |_, ()| Ok(v4()));
        methods.add_function("v7", |_, ()| Ok(Uuid::now_v7().hyphenated().to_string()));
    }
}

fn v4() -> String {
    Uuid::new_v4().hyphenated().to_string()
}

#[cfg(test)]
mod tests {
    use crate::script::packages::table::check;

    #[test]
    fn each_function_keeps_to_its_table() {
        check(
            super::register,
            &[
                ("return type(require 'uuid')", "'userdata'"),
                (&shaped("uuid()", 4), "true"),
                (&shaped("uuid.v4()", 4), "true"),
                (&shaped("uuid.v7()", 7), "true"),
                (
                    "local uuid = require 'uuid' return uuid() == uuid()",
                    "false",
                ),
                ("local u = require('uuid')() return u == u:lower()", "true"),
                (
                    "local u, last = require 'uuid', ''
                    for _ = 1, 1000 do
                        local id = u.v7()
                        if id <= last then return id .. ' after ' .. last end
                        last = id
                    end
                    return 'in order'",
                    "'in order'",
                ),
            ],
        );
    }

    /// Whether a call gives a hyphenated identifier of this version.
    fn shaped(call: &str, version: u8) -> String {
        let hex = |count| "%x".repeat(count);
        let shape = [
            hex(8),
            hex(4),
            format!("{version}{}", hex(3)),
            format!("[89ab]{}", hex(3)),
            hex(12),
        ];
        let shape = shape.join("%-");
        format!("local uuid = require 'uuid' return {call}:match('^{shape}$') ~= nil")
    }
}
