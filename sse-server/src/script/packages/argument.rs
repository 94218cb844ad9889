//! What a package's function says of an argument of the wrong kind.

use mlua::{Error, LuaString, Result, Value};

/// Takes a string, and only a string: Lua's own functions would take a number for one.
pub(super) fn text(value: &Value, function: &str, position: usize) -> Result<LuaString> {
    match value {
        Value::String(text) => Ok(text.clone()),
        other => Err(unfit(function, position, "string", other)),
    }
}

/// Takes a string or a number as the text that Lua prints for it.
pub(super) fn printed(
    value: &Value,
    function: &str,
    position: usize,
    lua: &mlua::Lua,
) -> Result<LuaString> {
    match value {
        Value::String(_) | Value::Integer(_) | Value::Number(_) => lua
            .coerce_string(value.clone())?
            .ok_or_else(|| unfit(function, position, "string", value)),
        other => Err(unfit(function, position, "string or number", other)),
    }
}

/// A string that is UTF-8.
pub(super) fn utf8(value: &Value, function: &str, position: usize) -> Result<String> {
    let text = text(value, function, position)?;
    let text = text.to_str().map_err(|_| {
        Error::runtime(format_args!(
            "bad argument #{position} to '{function}' (not UTF-8)"
        ))
    })?;
    Ok(text.to_owned())
}

/// Lua's own words for an argument that does not fit.
pub(super) fn unfit(function: &str, position: usize, wanted: &str, got: &Value) -> Error {
    let got = match got {
        Value::Nil => "no value",
        Value::Integer(_) => "number",
        other => other.type_name(),
    };
    Error::runtime(format_args!(
        "bad argument #{position} to '{function}' ({wanted} expected, got {got})"
    ))
}
