//! What hooks returned, read into what the server works with.

use bytestring::ByteString;
use mlua::{Error, Lua, LuaString, Result, Table, Value as LuaValue};
use sse_core::{EventId, EventType, Retry};

use crate::script::message_table::MessageTable;

/// Reads a message table. What equals `before` is not copied.
///
/// A field of a wrong kind counts as absent; numbers are taken as their text.
///
/// # Errors
/// If a field holds what an event cannot have, text that is not UTF-8, or what can never be kept.
pub(crate) fn message(lua: &Lua, table: &Table, before: &MessageTable) -> Result<MessageTable> {
    let id = text(lua, table, "id", before.id.as_ref().map(AsRef::as_ref))?;
    let event = text(
        lua,
        table,
        "event",
        before.event.as_ref().map(AsRef::as_ref),
    )?;
    let data = text(lua, table, "data", before.data.as_deref())?;
    Ok(MessageTable {
        id: match id {
            None => None,
            Some(Text::Same) => before.id.clone(),
            Some(Text::Other(text)) => Some(EventId::try_from(text).map_err(Error::external)?),
        },
        event: match event {
            None => None,
            Some(Text::Same) => before.event.clone(),
            Some(Text::Other(text)) => Some(EventType::try_from(text).map_err(Error::external)?),
        },
        data: match data {
            None => None,
            Some(Text::Same) => before.data.clone(),
            Some(Text::Other(text)) => Some(text),
        },
        comment: comments(lua, table.raw_get("comment")?)?,
        retry: milliseconds(lua, &table.raw_get("retry")?)?.map(Retry::from_millis),
    })
}

/// Reads a time in whole milliseconds: a fraction is cut off, a negative number is zero, a text may be a number.
///
/// Everything else counts as absent.
pub(crate) fn milliseconds(lua: &Lua, value: &LuaValue) -> Result<Option<u64>> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and takes what is no number for zero"
    )]
    let whole = |number: f64| number as u64;
    Ok(match value {
        LuaValue::Integer(number) => Some(u64::try_from(*number).unwrap_or(0)),
        LuaValue::Number(number) => Some(whole(*number)),
        LuaValue::String(_) => lua.coerce_number(value.clone())?.map(whole),
        _ => None,
    })
}

/// Reads text or a number.
pub(crate) fn string(lua: &Lua, value: &LuaValue) -> Result<Option<String>> {
    match coerced(lua, value)? {
        Some(text) => Ok(Some(utf8(&text)?.to_owned())),
        None => Ok(None),
    }
}

enum Text {
    Same,
    Other(ByteString),
}

fn text(lua: &Lua, table: &Table, name: &str, before: Option<&str>) -> Result<Option<Text>> {
    let value: LuaValue = table.raw_get(name)?;
    let Some(text) = coerced(lua, &value)? else {
        return Ok(None);
    };
    if before.is_some_and(|before| *before.as_bytes() == *text.as_bytes()) {
        return Ok(Some(Text::Same));
    }
    match utf8(&text) {
        Ok(text) => Ok(Some(Text::Other(ByteString::from(&*text)))),
        Err(_) => Err(Error::runtime(format!("msg.{name} is not UTF-8"))),
    }
}

fn comments(lua: &Lua, value: LuaValue) -> Result<Vec<ByteString>> {
    let LuaValue::Table(table) = value else {
        refuse_what_cannot_be_kept(&value)?;
        return Ok(Vec::new());
    };
    let mut lines = Vec::new();
    for line in table.sequence_values::<LuaValue>() {
        let Some(line) = coerced(lua, &line?)? else {
            return Ok(Vec::new());
        };
        let line = utf8(&line)?;
        if line.contains(['\r', '\n']) {
            return Err(Error::runtime("a comment must not have a line end"));
        }
        lines.push(ByteString::from(&*line));
    }
    Ok(lines)
}

fn coerced(lua: &Lua, value: &LuaValue) -> Result<Option<LuaString>> {
    match value {
        LuaValue::String(text) => Ok(Some(text.clone())),
        LuaValue::Integer(_) | LuaValue::Number(_) => lua.coerce_string(value.clone()),
        other => refuse_what_cannot_be_kept(other).map(|()| None),
    }
}

fn refuse_what_cannot_be_kept(value: &LuaValue) -> Result<()> {
    match value {
        LuaValue::Function(_) | LuaValue::Thread(_) | LuaValue::UserData(_) => {
            let message = format!("a {} cannot be kept", value.type_name());
            Err(Error::runtime(message))
        }
        _ => Ok(()),
    }
}

fn utf8(text: &LuaString) -> Result<mlua::BorrowedStr> {
    text.to_str()
}
