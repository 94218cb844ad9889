//! JSON as Lua values.

use std::cell::RefCell;
use std::fmt;

use mlua::{Lua, Value};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::mark;

/// Reads a JSON text: null is the null marker, an array carries the mark of one, an integer too
/// large for Lua becomes a float.
///
/// # Errors
///
/// The text is not JSON, or nested deeper than 128.
pub(crate) fn decode(lua: &Lua, text: &[u8]) -> mlua::Result<Value> {
    let failed = RefCell::new(None);
    let into = Into {
        lua,
        failed: &failed,
    };
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = into.deserialize(&mut reader);
    let read = read.and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        let failed = failed.take();
        failed.unwrap_or_else(|| mlua::Error::runtime(format_args!("not JSON: {error}")))
    })
}

#[derive(Clone, Copy)]
struct Into<'a> {
    lua: &'a Lua,
    /// Lua's own error, most likely that it is out of memory, which must not become a text.
    failed: &'a RefCell<Option<mlua::Error>>,
}

impl Into<'_> {
    fn of_lua<T, E: serde::de::Error>(&self, result: mlua::Result<T>) -> Result<T, E> {
        result.map_err(|error| {
            let text = E::custom(&error);
            *self.failed.borrow_mut() = Some(error);
            text
        })
    }
}

impl<'de> DeserializeSeed<'de> for Into<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Into<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::NULL)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Value, E> {
        Ok(Value::Boolean(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "what Lua's own reader does with a number that large"
    )]
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Number(number as f64), Value::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        let text = self.of_lua(self.lua.create_string(text))?;
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let table = self.of_lua(self.lua.create_table())?;
        let mut index = 0;
        while let Some(value) = list.next_element_seed(self)? {
            index += 1;
            self.of_lua(table.raw_set(index, value))?;
        }
        self.of_lua(mark(self.lua, &table))?;
        Ok(Value::Table(table))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let table = self.of_lua(self.lua.create_table())?;
        while let Some(name) = map.next_key_seed(self)? {
            let value = map.next_value_seed(self)?;
            self.of_lua(table.raw_set(name, value))?;
        }
        Ok(Value::Table(table))
    }
}
