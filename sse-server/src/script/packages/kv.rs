//! `kv`: strings and numbers that all hooks share, and that survive a reload.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use bytes::Bytes;
use mlua::{Error, Lua, Result, Value};

use super::{argument, clock};

/// What is stored. A clone is the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store(Rc<RefCell<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    entries: HashMap<Bytes, Entry>,
    bytes: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    value: Stored,
    /// On the clock of the packages; `None` is for ever.
    until: Option<i64>,
}

#[derive(Clone, Debug, PartialEq)]
enum Stored {
    Text(Bytes),
    Integer(i64),
    Number(f64),
}

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua, store: &Store) -> Result<()> {
    let package = lua.create_table()?;

    let theirs = store.clone();
    let get = move |lua: &Lua, key: Value| {
        let key = key_of(&key, "kv.get")?;
        match theirs.0.borrow_mut().get(&key, now(lua)) {
            Some(entry) => entry.value.to_lua(lua),
            None => Ok(Value::Nil),
        }
    };
    package.set("get", lua.create_function(get)?)?;

    let theirs = store.clone();
    let set = move |lua: &Lua, (key, value, ttl): (Value, Value, Option<f64>)| {
        let key = key_of(&key, "kv.set")?;
        let value = Stored::from_lua(&value, "kv.set")?;
        let until = ttl.map(|ttl| until(now(lua), ttl));
        theirs
            .0
            .borrow_mut()
            .set(key, Entry { value, until }, now(lua))
    };
    package.set("set", lua.create_function(set)?)?;

    let theirs = store.clone();
    let delete = move |lua: &Lua, key: Value| {
        let key = key_of(&key, "kv.delete")?;
        let mut store = theirs.0.borrow_mut();
        let was = store.get(&key, now(lua)).is_some();
        store.delete(&key);
        Ok(was)
    };
    package.set("delete", lua.create_function(delete)?)?;

    let theirs = store.clone();
    let incr = move |lua: &Lua, (key, by): (Value, Value)| {
        let key = key_of(&key, "kv.incr")?;
        let by = match by {
            Value::Nil => Stored::Integer(1),
            by => Stored::from_lua(&by, "kv.incr")?,
        };
        let mut store = theirs.0.borrow_mut();
        let before = store.get(&key, now(lua));
        let until = before.as_ref().and_then(|entry| entry.until);
        let before = before.map_or(Stored::Integer(0), |entry| entry.value);
        let value = before.plus(&by)?;
        let answer = value.to_lua(lua);
        store.set(key, Entry { value, until }, now(lua))?;
        answer
    };
    package.set("incr", lua.create_function(incr)?)?;

    lua.register_module("kv", package)
}

impl Entries {
    fn get(&mut self, key: &[u8], now: i64) -> Option<Entry> {
        let entry = self.entries.get(key)?;
        if entry.is_over(now) {
            self.delete(key);
            return None;
        }
        Some(entry.clone())
    }

    fn set(&mut self, key: Bytes, entry: Entry, now: i64) -> Result<()> {
        self.delete(&key);
        let size = cost(&key, &entry);
        if self.bytes + size > MAX_BYTES {
            self.purge(now);
        }
        if self.bytes + size > MAX_BYTES {
            return Err(Error::runtime("kv is full"));
        }
        self.bytes += size;
        self.entries.insert(key, entry);
        Ok(())
    }

    fn delete(&mut self, key: &[u8]) {
        if let Some((key, entry)) = self.entries.remove_entry(key) {
            self.bytes -= cost(&key, &entry);
        }
    }

    fn purge(&mut self, now: i64) {
        self.entries.retain(|_, entry| !entry.is_over(now));
        self.bytes = self
            .entries
            .iter()
            .map(|(key, entry)| cost(key, entry))
            .sum();
    }
}

impl Entry {
    fn is_over(&self, now: i64) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

impl Stored {
    fn from_lua(value: &Value, function: &str) -> Result<Self> {
        match value {
            Value::String(text) => Ok(Self::Text(Bytes::copy_from_slice(&text.as_bytes()))),
            Value::Integer(number) => Ok(Self::Integer(*number)),
            Value::Number(number) => Ok(Self::Number(*number)),
            other => Err(argument::unfit(function, 2, "string or number", other)),
        }
    }

    fn to_lua(&self, lua: &Lua) -> Result<Value> {
        Ok(match self {
            Self::Text(text) => Value::String(lua.create_string(text)?),
            Self::Integer(number) => Value::Integer(*number),
            Self::Number(number) => Value::Number(*number),
        })
    }

    /// As Lua adds: integers wrap around, and with a float the sum is one.
    #[expect(clippy::cast_precision_loss, reason = "Lua loses it, too")]
    fn plus(&self, by: &Self) -> Result<Self> {
        let float = |it: &Self| match it {
            Self::Integer(number) => Some(*number as f64),
            Self::Number(number) => Some(*number),
            Self::Text(_) => None,
        };
        match (self, by) {
            (Self::Integer(one), Self::Integer(other)) => {
                Ok(Self::Integer(one.wrapping_add(*other)))
            }
            (one, other) => match float(one).zip(float(other)) {
                Some((one, other)) => Ok(Self::Number(one + other)),
                None => Err(Error::runtime("kv.incr: the value is not a number")),
            },
        }
    }
}

fn key_of(key: &Value, function: &str) -> Result<Bytes> {
    let key = argument::text(key, function, 1)?;
    Ok(Bytes::copy_from_slice(&key.as_bytes()))
}

fn cost(key: &[u8], entry: &Entry) -> usize {
    let value = match &entry.value {
        Stored::Text(text) => text.len(),
        Stored::Integer(_) | Stored::Number(_) => 8,
    };
    key.len() + value + OVERHEAD
}

fn now(lua: &Lua) -> i64 {
    clock::of(lua).unix_millis()
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn until(now: i64, ttl: f64) -> i64 {
    now.saturating_add(ttl as i64)
}

/// What lies outside of the script's own memory, and is bounded all the same.
const MAX_BYTES: usize = 64 << 20;

const OVERHEAD: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::packages::{sleep, table::check};

    #[test]
    fn each_function_keeps_to_its_table() {
        let register = |lua: &Lua| {
            sleep::register(lua)?;
            register(lua, &Store::default())
        };
        check(
            register,
            &[
                ("return require('kv').get('a')", "nil"),
                (
                    "local kv = require 'kv' kv.set('a', 'x') return kv.get('a')",
                    "'x'",
                ),
                (
                    "local kv = require 'kv' kv.set('a', '\\0\\255') return kv.get('a')",
                    "'\\x00\\xff'",
                ),
                (
                    "local kv = require 'kv' kv.set('a', 1) kv.set('b', 1.5) return {kv.get('a'), kv.get('b')}",
                    "{1,1.5}",
                ),
                (
                    "local kv = require 'kv' return kv.set('a', {})",
                    "!string or number expected, got table",
                ),
                (
                    "local kv = require 'kv' return kv.set('a')",
                    "!string or number expected, got no value",
                ),
                (
                    "local kv = require 'kv' return kv.set(1, 'a')",
                    "!string expected, got number",
                ),
                (
                    "local kv = require 'kv' kv.set('a', 1) return {kv.delete('a'), kv.delete('a'), kv.get('a') == nil}",
                    "{true,false,true}",
                ),
                (
                    "local kv = require 'kv' return {kv.incr('n'), kv.incr('n', 5), kv.incr('n', -1), kv.incr('n', 0.5)}",
                    "{1,6,5,5.5}",
                ),
                (
                    "local kv = require 'kv' kv.set('a', 'x') return kv.incr('a')",
                    "!not a number",
                ),
                (
                    "local kv = require 'kv' kv.set('a', math.maxinteger) return kv.incr('a') == math.mininteger",
                    "true",
                ),
                (
                    "local kv = require 'kv' kv.set('a', 'x', 0) return kv.get('a')",
                    "nil",
                ),
                (
                    "local kv = require 'kv' kv.set('a', 'x', 1e12) return kv.get('a')",
                    "'x'",
                ),
                (
                    "local kv = require 'kv' kv.set('a', 'x', 1) require('sleep')(5) return kv.get('a')",
                    "nil",
                ),
                (
                    "local kv = require 'kv' kv.set('a', 1, 500) kv.incr('a') require('sleep')(600) return kv.get('a')",
                    "nil",
                ),
                (
                    "local kv = require 'kv' local big = ('x'):rep(40 << 20) kv.set('a', big) kv.set('b', big)",
                    "!kv is full",
                ),
                (
                    "local kv = require 'kv' local big = ('x'):rep(40 << 20) kv.set('a', big) kv.set('a', big) return #kv.get('a')",
                    "41943040",
                ),
                (
                    "local kv = require 'kv' local big = ('x'):rep(40 << 20) kv.set('a', big, 0) kv.set('b', big) return kv.get('a')",
                    "nil",
                ),
            ],
        );
    }

    #[test]
    fn states_share_a_store() {
        let store = Store::default();
        for expected in 1..=3 {
            let lua = Lua::new();
            register(&lua, &store).unwrap();
            let counted: i64 = lua.load("return require('kv').incr('n')").eval().unwrap();
            assert_eq!(counted, expected);
        }
    }
}
