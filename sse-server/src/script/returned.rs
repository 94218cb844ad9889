//! What hooks returned, read into what the server works with.

use bytestring::ByteString;
use mlua::{Error, Lua, LuaString, MultiValue, Result, Table, Value as LuaValue};
use sse_core::{EventId, EventType, Retry};

use crate::script::{allowance::Allowance, message_table::MessageTable};

/// Reads what `catchup` returned: a list of messages, without those that hold nothing.
///
/// # Errors
/// If it is something else, or as [`message`].
pub(crate) fn list(
    lua: &Lua,
    values: MultiValue,
    allowance: &Allowance,
) -> Result<Vec<MessageTable>> {
    let list = match values.into_iter().next() {
        Some(LuaValue::Table(list)) => list,
        None | Some(LuaValue::Nil | LuaValue::Boolean(false)) => return Ok(Vec::new()),
        Some(other) => {
            let message = format!("a list was expected, not a {}", other.type_name());
            return Err(Error::runtime(message));
        }
    };
    if list.raw_len() == 0 && !list.is_empty() {
        return Err(Error::runtime("a list was expected, not a map"));
    }
    let mut messages = Vec::new();
    for item in list.sequence_values::<LuaValue>() {
        let LuaValue::Table(item) = item? else {
            return Err(Error::runtime("an element of the list is no table"));
        };
        allowance.take(size_of::<MessageTable>())?;
        let message = message(lua, &item, &MessageTable::default(), allowance)?;
        if !message.is_empty() {
            messages.push(message);
        }
    }
    Ok(messages)
}

/// Reads what `message` returned; `None` is not sent.
///
/// # Errors
/// If it is neither a table nor `nil` nor `false`, or as [`message`].
pub(crate) fn changed(
    lua: &Lua,
    values: MultiValue,
    before: &MessageTable,
    allowance: &Allowance,
) -> Result<Option<MessageTable>> {
    let table = match values.into_iter().next() {
        None | Some(LuaValue::Nil | LuaValue::Boolean(false)) => return Ok(None),
        Some(LuaValue::Table(table)) => table,
        Some(other) => {
            let message = format!("a table or nil was expected, not a {}", other.type_name());
            return Err(Error::runtime(message));
        }
    };
    let message = message_of(lua, &table, before, allowance)?;
    Ok((!message.is_empty()).then_some(message))
}

/// Reads the message of a `pub`.
///
/// # Errors
/// If there is none, or as [`message`].
pub(crate) fn message_of(
    lua: &Lua,
    table: &Table,
    before: &MessageTable,
    allowance: &Allowance,
) -> Result<MessageTable> {
    match table.raw_get::<LuaValue>("msg")? {
        LuaValue::Table(read) => message(lua, &read, before, allowance),
        _ => Err(Error::runtime("the table has no msg")),
    }
}

/// Reads a message table. What equals `before` is not copied.
///
/// A field of a wrong kind counts as absent; numbers are taken as their text.
///
/// # Errors
/// If a field holds what an event cannot have, text that is not UTF-8, or what can never be kept, or all is too large.
pub(crate) fn message(
    lua: &Lua,
    table: &Table,
    before: &MessageTable,
    allowance: &Allowance,
) -> Result<MessageTable> {
    let text = |name: &str, before| text(lua, table, name, before, allowance);
    let id = text("id", before.id.as_ref().map(AsRef::as_ref))?;
    let event = text("event", before.event.as_ref().map(AsRef::as_ref))?;
    let data = text("data", before.data.as_deref())?;
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
        comment: comments(lua, table.raw_get("comment")?, allowance)?,
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
pub(crate) fn string(lua: &Lua, value: &LuaValue, allowance: &Allowance) -> Result<Option<String>> {
    let Some(text) = coerced(lua, value)? else {
        return Ok(None);
    };
    let text = utf8(&text)?;
    allowance.take(size_of::<String>() + text.len())?;
    Ok(Some(text.to_owned()))
}

enum Text {
    Same,
    Other(ByteString),
}

fn text(
    lua: &Lua,
    table: &Table,
    name: &str,
    before: Option<&str>,
    allowance: &Allowance,
) -> Result<Option<Text>> {
    let value: LuaValue = table.raw_get(name)?;
    let Some(text) = coerced(lua, &value)? else {
        return Ok(None);
    };
    if before.is_some_and(|before| *before.as_bytes() == *text.as_bytes()) {
        return Ok(Some(Text::Same));
    }
    let Ok(text) = utf8(&text) else {
        return Err(Error::runtime(format!("msg.{name} is not UTF-8")));
    };
    allowance.take(text.len())?;
    Ok(Some(Text::Other(ByteString::from(&*text))))
}

fn comments(lua: &Lua, value: LuaValue, allowance: &Allowance) -> Result<Vec<ByteString>> {
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
        allowance.take(size_of::<ByteString>() + line.len())?;
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
