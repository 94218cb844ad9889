//! Lua values as JSON.

use std::ffi::c_void;

use mlua::{Error, Lua, LuaSerdeExt, Result, Table, Value};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::script::packages::bounded::Bounded;

/// How the text is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Layout {
    /// Without white space.
    Compact,
    /// Two spaces a level.
    Pretty,
}

/// Writes a value as JSON.
///
/// # Errors
///
/// Functions, coroutines, userdata, tables inside themselves or nested too deep, a text that
/// grows too long.
pub(crate) fn encode(lua: &Lua, value: &Value, layout: Layout) -> Result<Vec<u8>> {
    let arrays = lua.array_metatable();
    let node = Node {
        value,
        arrays: &arrays,
        above: None,
    };
    // A table that holds another one twice, thirty levels deep, would write gigabytes.
    let mut out = Bounded::default();
    let written = match layout {
        Layout::Compact => node.serialize(&mut serde_json::Serializer::new(&mut out)),
        Layout::Pretty => node.serialize(&mut serde_json::Serializer::pretty(&mut out)),
    };
    match written {
        Ok(()) => Ok(out.into_inner()),
        Err(error) => Err(Error::runtime(format_args!("no JSON: {error}"))),
    }
}

/// A value and the tables that it stands in.
struct Node<'a> {
    value: &'a Value,
    arrays: &'a Table,
    above: Option<&'a Above<'a>>,
}

struct Above<'a> {
    table: *const c_void,
    depth: usize,
    outer: Option<&'a Above<'a>>,
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self.value {
            Value::Nil => serializer.serialize_unit(),
            Value::LightUserData(pointer) if pointer.0.is_null() => serializer.serialize_unit(),
            Value::Boolean(yes) => serializer.serialize_bool(*yes),
            Value::Integer(number) => serializer.serialize_i64(*number),
            // NaN and the infinities become null.
            Value::Number(number) => serializer.serialize_f64(*number),
            Value::String(text) => match text.to_str() {
                Ok(text) => serializer.serialize_str(&text),
                Err(_) => serializer.collect_seq(text.as_bytes().iter()),
            },
            Value::Table(table) => self.table(table, serializer),
            Value::LightUserData(_) | Value::UserData(_) => {
                Err(S::Error::custom("userdata has none"))
            }
            other => {
                let what = other.type_name();
                Err(S::Error::custom(format_args!("a {what} has none")))
            }
        }
    }
}

impl Node<'_> {
    /// Any part that is a list makes the table an array, as the mark does.
    fn table<S: Serializer>(
        &self,
        table: &Table,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        let above = self.descend(table).map_err(S::Error::custom)?;
        let length = table.raw_len();
        if length > 0 || table.metatable().as_ref() == Some(self.arrays) {
            let mut list = serializer.serialize_seq(Some(length))?;
            for index in 1..=length {
                let value = table.raw_get(index).map_err(S::Error::custom)?;
                list.serialize_element(&self.inside(&value, &above))?;
            }
            return list.end();
        }
        let mut map = serializer.serialize_map(None)?;
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair.map_err(S::Error::custom)?;
            map.serialize_key(&name(&key).map_err(S::Error::custom)?)?;
            map.serialize_value(&self.inside(&value, &above))?;
        }
        map.end()
    }

    fn inside<'a>(&'a self, value: &'a Value, above: &'a Above<'a>) -> Node<'a> {
        Node {
            value,
            arrays: self.arrays,
            above: Some(above),
        }
    }

    fn descend(&self, table: &Table) -> std::result::Result<Above<'_>, String> {
        let pointer = table.to_pointer();
        let mut above = self.above;
        while let Some(outer) = above {
            if outer.table == pointer {
                return Err("a table is inside itself".to_owned());
            }
            above = outer.outer;
        }
        let depth = self.above.map_or(1, |above| above.depth + 1);
        if depth > DEEPEST {
            return Err(format!("tables are nested deeper than {DEEPEST}"));
        }
        Ok(Above {
            table: pointer,
            depth,
            outer: self.above,
        })
    }
}

/// The name of a member: what JSON calls a key is always a string.
fn name(key: &Value) -> std::result::Result<String, String> {
    match key {
        Value::String(name) => match name.to_str() {
            Ok(name) => Ok(name.to_owned()),
            Err(_) => Err("a key that is not UTF-8".to_owned()),
        },
        Value::Integer(number) => Ok(number.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Boolean(yes) => Ok(yes.to_string()),
        other => Err(format!("a key that is a {}", other.type_name())),
    }
}

/// What the decoder takes, too.
const DEEPEST: usize = 128;
