//! Copies out of Lua: what a hook returned, as values that no later call can change.

use std::{ffi::c_void, sync::Arc};

use bytes::Bytes;
use mlua::{Error, Result, Table, Value as LuaValue};

use crate::script::{
    allowance::Allowance,
    value::{Fields, Value},
};

/// Copies a table, without some of its keys.
///
/// # Errors
/// If there is a function, userdata, a coroutine or a cycle anywhere in it, or it is too large.
pub(crate) fn fields(table: &Table, leave_out: &[&str], allowance: &Allowance) -> Result<Fields> {
    Copy::new(allowance).fields(table, leave_out)
}

/// Copies any value.
///
/// # Errors
/// As [`fields`].
#[cfg(test)]
pub(crate) fn value(value: &LuaValue, allowance: &Allowance) -> Result<Value> {
    Copy::new(allowance).value(value)
}

/// One copy on its way.
struct Copy<'a> {
    allowance: &'a Allowance,
    /// The tables that are open: one that is met again below itself is a cycle.
    path: Vec<*const c_void>,
    /// How many more values may be copied.
    left: usize,
}

impl<'a> Copy<'a> {
    fn new(allowance: &'a Allowance) -> Self {
        Self {
            allowance,
            path: Vec::new(),
            left: MAX_VALUES,
        }
    }

    fn value(&mut self, value: &LuaValue) -> Result<Value> {
        Ok(match value {
            LuaValue::Nil => Value::Nil,
            LuaValue::Boolean(value) => Value::Boolean(*value),
            LuaValue::Integer(value) => Value::Integer(*value),
            LuaValue::Number(value) => Value::Number(*value),
            LuaValue::String(text) => {
                let text = text.as_bytes();
                self.allowance.take(text.len())?;
                Value::Bytes(Bytes::copy_from_slice(&text))
            }
            LuaValue::Table(table) => Value::Table(Arc::new(self.fields(table, &[])?)),
            LuaValue::LightUserData(pointer) if pointer.0.is_null() => Value::Null,
            other => {
                let message = format!("a {} cannot be kept", other.type_name());
                return Err(Error::runtime(message));
            }
        })
    }

    fn fields(&mut self, table: &Table, leave_out: &[&str]) -> Result<Fields> {
        let pointer = table.to_pointer();
        if self.path.contains(&pointer) {
            return Err(Error::runtime("a table that holds itself cannot be kept"));
        }
        if self.path.len() == MAX_DEPTH {
            return Err(Error::runtime("a table is nested too deeply to be kept"));
        }
        self.path.push(pointer);
        let length = table.raw_len().min(self.left);
        self.allowance.take(length * size_of::<Value>())?;
        let mut fields = Fields {
            list: vec![Value::Nil; length],
            map: Vec::new(),
        };
        table.for_each(|key: LuaValue, item: LuaValue| {
            self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| Error::runtime("a table is too large to be kept"))?;
            let place = match &key {
                LuaValue::Integer(index) => usize::try_from(*index).ok(),
                LuaValue::String(name) if leave_out.iter().any(|it| *name == **it) => return Ok(()),
                _ => None,
            };
            let item = self.value(&item)?;
            match place.and_then(|index| fields.list.get_mut(index.wrapping_sub(1))) {
                Some(place) => *place = item,
                None => {
                    self.allowance.take(size_of::<(Value, Value)>())?;
                    fields.map.push((self.value(&key)?, item));
                }
            }
            Ok(())
        })?;
        self.path.pop();
        Ok(fields)
    }
}

/// More than any message has; a table that shares its parts could otherwise grow exponentially when it is copied.
const MAX_VALUES: usize = 100_000;

/// As deep as what JSON may be nested by the usual readers.
const MAX_DEPTH: usize = 128;

#[cfg(test)]
mod tests {
    use mlua::Lua;

    use super::*;
    use crate::script::tables;

    /// A chunk, and how the copy of what it returns is written in Lua, or after `!` a part of the error.
    #[track_caller]
    fn check(chunk: &str, expected: &str) {
        let lua = Lua::new();
        lua.load(SHOW).exec().unwrap();
        let original: LuaValue = lua.load(chunk).eval().unwrap();
        let found = match value(&original, &Allowance::of(&lua)) {
            Ok(copy) => {
                let copy = tables::value(&lua, &copy).unwrap();
                let show: mlua::Function = lua.globals().get("show").unwrap();
                show.call::<String>(copy).unwrap()
            }
            Err(error) => format!("!{error}"),
        };
        match expected.strip_prefix('!') {
            Some(part) => assert!(
                found.starts_with('!') && found.contains(part),
                "{chunk} gave {found}"
            ),
            None => assert_eq!(found, expected, "{chunk}"),
        }
    }

    const SHOW: &str = "function show(value)
        if type(value) ~= 'table' then return type(value) == 'string' and ('%q'):format(value) or tostring(value) end
        local parts = {}
        for key, item in pairs(value) do parts[#parts + 1] = '[' .. show(key) .. ']=' .. show(item) end
        table.sort(parts)
        return '{' .. table.concat(parts, ' ') .. '}' .. (getmetatable(value) and 'M' or '')
    end";

    #[test]
    fn values_are_copied_and_what_cannot_be_raises() {
        for (chunk, expected) in [
            ("return nil", "nil"),
            ("return true", "true"),
            ("return 1", "1"),
            ("return 1.0", "1.0"),
            ("return 'a'", "\"a\""),
            ("return {}", "{}"),
            ("return {1, 2, x = 3}", "{[\"x\"]=3 [1]=1 [2]=2}"),
            (
                "return {[1.5] = true, [false] = 'no'}",
                "{[1.5]=true [false]=\"no\"}",
            ),
            (
                "return {[0] = 'zero', [-1] = 'less', 'one'}",
                "{[-1]=\"less\" [0]=\"zero\" [1]=\"one\"}",
            ),
            (
                "return {a = {b = {c = {}}}}",
                "{[\"a\"]={[\"b\"]={[\"c\"]={}}}}",
            ),
            (
                "return setmetatable({a = 1}, {__index = {b = 2}})",
                "{[\"a\"]=1}",
            ),
            ("local t = {1} return {t, t}", "{[1]={[1]=1} [2]={[1]=1}}"),
            ("local t = {} t.t = t return t", "!holds itself"),
            ("local t = {} t[t] = 1 return t", "!holds itself"),
            ("return {f = print}", "!a function cannot be kept"),
            ("return {[print] = 1}", "!a function cannot be kept"),
            (
                "return {coroutine.create(print)}",
                "!a thread cannot be kept",
            ),
            ("return {io.stdout}", "!a userdata cannot be kept"),
            (
                "local t = {} for _ = 1, 200 do t = {t} end return t",
                "!too deeply",
            ),
            (
                "local t = {1} for _ = 1, 40 do t = {t, t} end return t",
                "!too large",
            ),
            (
                "local t = {} for i = 1, 200000 do t[i] = i end return t",
                "!too large",
            ),
            (
                "local s, t = ('x'):rep(1 << 20), {} for i = 1, 100 do t[i] = s end return t",
                "!too large",
            ),
            (
                "local s, t = ('x'):rep(1 << 20), {} for i = 1, 100 do t[s .. i] = 1 end return t",
                "!too large",
            ),
            // A list that is all holes: its length is found by doubling.
            (
                "local t = {} for i = 1, 1000 do t[i] = {[1] = 1, [2] = 1, [4] = 1, [8] = 1, [16] = 1, [32] = 1, [64] = 1, [128] = 1, [256] = 1, [512] = 1, [1024] = 1, [2048] = 1, [4096] = 1, [8192] = 1, [16384] = 1, [32768] = 1, [65536] = 1} end return t",
                "!too large",
            ),
        ] {
            check(chunk, expected);
        }
    }

    #[test]
    fn keys_are_left_out_only_at_the_top() {
        let lua = Lua::new();
        let table = lua.load("return {req = 1, a = {req = 2}}").eval().unwrap();
        let copied = fields(&table, &["req", "msg"], &Allowance::of(&lua)).unwrap();
        let inner = Fields {
            list: Vec::new(),
            map: vec![("req".into(), 2.into())],
        };
        assert_eq!(copied.map, [("a".into(), Value::Table(Arc::new(inner)))]);
    }
}
