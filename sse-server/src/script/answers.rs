//! What `publish` and `subscribe` returned: accepted, refused, or an answer of the script's own.

use http::{HeaderName, HeaderValue};
use mlua::{Error, Lua, MultiValue, Result, Table, Value as LuaValue};
use sse_hub::{Selector, Topic};

use crate::script::{
    allowance::Allowance,
    returned,
    verdict::{Answer, Routing},
};

/// The first value a hook returned, and what stands in the second.
pub(crate) enum Returned {
    Accepted(Table, Beside),
    Rejected,
    Answered(Answer),
}

/// The second value a hook returned, if it is a table.
pub(crate) struct Beside(Option<Table>);

impl Returned {
    /// # Errors
    /// If the first value is neither a table nor `nil` nor `false`, or the answer cannot be sent.
    pub(crate) fn read(lua: &Lua, values: MultiValue, allowance: &Allowance) -> Result<Self> {
        let mut values = values.into_iter();
        let first = values.next().unwrap_or(LuaValue::Nil);
        let beside = Beside::new(values.next().and_then(|second| second.as_table().cloned()));
        if let Some(answer) = beside.answer(lua, allowance)? {
            return Ok(Self::Answered(answer));
        }
        match first {
            LuaValue::Nil | LuaValue::Boolean(false) => Ok(Self::Rejected),
            LuaValue::Table(table) => Ok(Self::Accepted(table, beside)),
            other => {
                let message = format!("a table or nil was expected, not a {}", other.type_name());
                Err(Error::runtime(message))
            }
        }
    }
}

impl Beside {
    pub(crate) fn new(table: Option<Table>) -> Self {
        Self(table)
    }

    /// Reads where a publication goes.
    ///
    /// # Errors
    /// If a topic is none.
    pub(crate) fn routing(&self, lua: &Lua, allowance: &Allowance) -> Result<Routing> {
        let topics = self.names(lua, allowance)?;
        for name in topics.iter().flatten() {
            Topic::try_from(&**name).map_err(Error::external)?;
        }
        Ok(Routing {
            topics,
            ttl_ms: returned::milliseconds(lua, &self.get("ttl")?)?,
            key: returned::string(lua, &self.get("key")?, allowance)?,
        })
    }

    /// Reads what a subscription is to.
    ///
    /// # Errors
    /// If a topic or pattern is none.
    pub(crate) fn selectors(
        &self,
        lua: &Lua,
        allowance: &Allowance,
    ) -> Result<Option<Vec<String>>> {
        let selectors = self.names(lua, allowance)?;
        for name in selectors.iter().flatten() {
            Selector::try_from(bytestring::ByteString::from(&**name)).map_err(Error::external)?;
        }
        Ok(selectors)
    }

    /// No names at all would be the default topic further on, for somebody who was to get or reach nobody.
    fn names(&self, lua: &Lua, allowance: &Allowance) -> Result<Option<Vec<String>>> {
        let name = |value: LuaValue| {
            let name = returned::string(lua, &value, allowance)?;
            name.ok_or_else(|| Error::runtime("topics must be a list of strings"))
        };
        let names = match self.get("topics")? {
            LuaValue::Nil => return Ok(None),
            LuaValue::Table(list) => {
                let names = list.sequence_values().map(|value| name(value?));
                names.collect::<Result<Vec<_>>>()?
            }
            one => vec![name(one)?],
        };
        if names.is_empty() {
            return Err(Error::runtime("topics must name one or more"));
        }
        Ok(Some(names))
    }

    fn answer(&self, lua: &Lua, allowance: &Allowance) -> Result<Option<Answer>> {
        let status = match self.get("status")? {
            LuaValue::Nil => return Ok(None),
            status => lua.coerce_integer(status)?,
        };
        let status = status.and_then(|status| u16::try_from(status).ok());
        let Some(status) = status.filter(|status| (200..600).contains(status)) else {
            return Err(Error::runtime("status must be a number from 200 to 599"));
        };
        let mut headers = Vec::new();
        if let LuaValue::Table(table) = self.get("headers")? {
            table.for_each(|name: String, value: LuaValue| {
                match value {
                    LuaValue::Table(list) => {
                        for value in list.sequence_values() {
                            headers.push(header(lua, &name, &value?, allowance)?);
                        }
                    }
                    one => headers.push(header(lua, &name, &one, allowance)?),
                }
                Ok(())
            })?;
        }
        let body = match self.get("body")? {
            LuaValue::String(body) => {
                let body = body.as_bytes();
                allowance.take(body.len())?;
                body.to_vec().into()
            }
            other => {
                let text = returned::string(lua, &other, allowance)?;
                text.unwrap_or_default().into()
            }
        };
        Ok(Some(Answer {
            status,
            headers,
            body,
        }))
    }

    fn get(&self, name: &str) -> Result<LuaValue> {
        match &self.0 {
            Some(table) => table.raw_get(name),
            None => Ok(LuaValue::Nil),
        }
    }
}

fn header(
    lua: &Lua,
    name: &str,
    value: &LuaValue,
    allowance: &Allowance,
) -> Result<(HeaderName, HeaderValue)> {
    let unfit = |why: &str| Error::runtime(format!("the header {name:?} {why}"));
    let checked = HeaderName::from_bytes(name.as_bytes());
    let checked = checked.map_err(|_| unfit("has no legal name"))?;
    if FRAMING.contains(&checked.as_str()) {
        return Err(unfit("is the server's own"));
    }
    allowance.take(size_of::<(HeaderName, HeaderValue)>() + name.len())?;
    let value = returned::string(lua, value, allowance)?;
    let value = value.ok_or_else(|| unfit("must be a string"))?;
    let value = HeaderValue::try_from(value).map_err(|_| unfit("has no legal value"))?;
    Ok((checked, value))
}

/// What says where the response ends.
const FRAMING: [&str; 6] = [
    "connection",
    "content-length",
    "keep-alive",
    "transfer-encoding",
    "trailer",
    "upgrade",
];
