//! Copies into Lua: each call gets tables of its own.

use mlua::{Lua, LuaString, Result, Table, Value as LuaValue};

use crate::script::{
    cli_table::CliTable,
    message_table::MessageTable,
    publication::Publication,
    request_table::RequestTable,
    subscriber::Sub,
    value::{Fields, Value},
};

/// The keys that stand in every call's tables, made once for each state.
pub(crate) struct Keys {
    pub(crate) req: LuaString,
    pub(crate) msg: LuaString,
    id: LuaString,
    event: LuaString,
    data: LuaString,
    method: LuaString,
    uri: LuaString,
    path: LuaString,
    query: LuaString,
    headers: LuaString,
    addr: LuaString,
    ip: LuaString,
    port: LuaString,
    remote: LuaString,
}

impl Keys {
    pub(crate) fn new(lua: &Lua) -> Result<Self> {
        let key = |name: &str| lua.create_string(name);
        Ok(Self {
            req: key("req")?,
            msg: key("msg")?,
            id: key("id")?,
            event: key("event")?,
            data: key("data")?,
            method: key("method")?,
            uri: key("uri")?,
            path: key("path")?,
            query: key("query")?,
            headers: key("headers")?,
            addr: key("addr")?,
            ip: key("ip")?,
            port: key("port")?,
            remote: key("remote")?,
        })
    }

    /// Makes `pub`.
    pub(crate) fn publication(&self, lua: &Lua, publication: &Publication) -> Result<Table> {
        let table = with_fields(lua, publication.fields())?;
        table.raw_set(&self.req, self.request(lua, publication.request())?)?;
        table.raw_set(&self.msg, self.message(lua, publication.message())?)?;
        Ok(table)
    }

    /// Makes `sub`.
    pub(crate) fn sub(&self, lua: &Lua, sub: &Sub) -> Result<Table> {
        let table = with_fields(lua, sub.fields())?;
        table.raw_set(&self.req, self.request(lua, sub.request())?)?;
        Ok(table)
    }

    /// Makes `msg`.
    pub(crate) fn message(&self, lua: &Lua, message: &MessageTable) -> Result<Table> {
        let table = lua.create_table_with_capacity(0, 4)?;
        if let Some(id) = &message.id {
            table.raw_set(&self.id, id.as_str())?;
        }
        if let Some(event) = &message.event {
            table.raw_set(&self.event, event.as_str())?;
        }
        if let Some(data) = &message.data {
            table.raw_set(&self.data, &**data)?;
        }
        if !message.comment.is_empty() {
            let lines = message.comment.iter().map(|line| &**line);
            table.raw_set("comment", lua.create_sequence_from(lines)?)?;
        }
        if let Some(retry) = message.retry {
            table.raw_set("retry", retry.as_millis())?;
        }
        Ok(table)
    }

    /// Makes `req`.
    pub(crate) fn request(&self, lua: &Lua, request: &RequestTable) -> Result<Table> {
        let table = lua.create_table_with_capacity(0, 8)?;
        table.raw_set(&self.id, &*request.id)?;
        table.raw_set(&self.method, &*request.method)?;
        table.raw_set(&self.uri, &*request.uri)?;
        table.raw_set(&self.path, &*request.path)?;
        table.raw_set(&self.query, &*request.query)?;
        if let Some(address) = &request.address {
            let addr = lua.create_table_with_capacity(0, 2)?;
            addr.raw_set(&self.ip, &*address.ip)?;
            addr.raw_set(&self.port, address.port)?;
            table.raw_set(&self.addr, addr)?;
        }
        if let Some(remote) = &request.remote {
            table.raw_set(&self.remote, &**remote)?;
        }
        let headers = lua.create_table_with_capacity(0, request.headers.len())?;
        for (name, value) in &request.headers {
            headers.raw_set(&**name, &**value)?;
        }
        table.raw_set(&self.headers, headers)?;
        Ok(table)
    }
}

/// Makes the argument of `startup`; `reload` is set from the second generation on.
pub(crate) fn cli(lua: &Lua, cli: &CliTable, reload: Option<u64>) -> Result<Table> {
    let table = lua.create_table()?;
    for (name, item) in cli.fields() {
        table.raw_set(*name, value(lua, item)?)?;
    }
    table.raw_set("reload", reload)?;
    Ok(table)
}

/// Makes any value.
pub(crate) fn value(lua: &Lua, copied: &Value) -> Result<LuaValue> {
    Ok(match copied {
        Value::Nil => LuaValue::Nil,
        Value::Null => LuaValue::NULL,
        Value::Boolean(value) => LuaValue::Boolean(*value),
        Value::Integer(value) => LuaValue::Integer(*value),
        Value::Number(value) => LuaValue::Number(*value),
        Value::Bytes(text) => LuaValue::String(lua.create_string(text)?),
        Value::Table(kept) => {
            let table = lua.create_table_with_capacity(kept.list.len(), kept.map.len())?;
            fill(lua, &table, kept)?;
            LuaValue::Table(table)
        }
    })
}

fn with_fields(lua: &Lua, kept: &Fields) -> Result<Table> {
    let table = lua.create_table_with_capacity(kept.list.len(), kept.map.len() + 2)?;
    fill(lua, &table, kept)?;
    Ok(table)
}

fn fill(lua: &Lua, table: &Table, kept: &Fields) -> Result<()> {
    for (index, item) in kept.list.iter().enumerate() {
        table.raw_set(index + 1, value(lua, item)?)?;
    }
    for (key, item) in &kept.map {
        table.raw_set(value(lua, key)?, value(lua, item)?)?;
    }
    Ok(())
}
