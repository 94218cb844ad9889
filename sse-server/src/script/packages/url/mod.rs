//! `url`: addresses and form encoding, put together and taken apart.

use std::collections::BTreeMap;

use mlua::{Error, Lua, MetaMethod, Result, Table, UserData, UserDataMethods, Value};
use url::{Host, Url, form_urlencoded};

use super::argument;

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.register_module("url", Package)
}

struct Package;

impl UserData for Package {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_function(MetaMethod::Call, |lua, (_, parts): (Value, Table)| {
            encode(lua, &parts)
        });
        methods.add_function("encode", |lua, parts: Table| encode(lua, &parts));
        methods.add_function("decode", |lua, text: Value| {
            decode(lua, &argument::utf8(&text, "url.decode", 1)?)
        });
        methods.add_function("quote", |lua, pairs: Table| quote(lua, &pairs));
        methods.add_function("unquote", |lua, text: Value| {
            let text = argument::text(&text, "url.unquote", 1)?;
            unquote(lua, &text.as_bytes())
        });
    }
}

fn encode(lua: &Lua, parts: &Table) -> Result<String> {
    let scheme = needed(parts, "scheme")?;
    let host = needed(parts, "host")?;
    if !SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) {
        return Err(wrong("scheme", &scheme));
    }
    let mut url = Url::parse(&format!("{scheme}://host")).map_err(Error::external)?;
    // An address of IPv6 comes with brackets or without.
    let host = match host.parse::<std::net::Ipv6Addr>() {
        Ok(_) => format!("[{host}]"),
        Err(_) => host,
    };
    // The setter would cut a port off without a word.
    Host::parse(&host).map_err(|_| wrong("host", &host))?;
    url.set_host(Some(&host))
        .map_err(|_| wrong("host", &host))?;
    if let Some(name) = optional(lua, parts, "username")? {
        let set = url.set_username(&name);
        set.map_err(|()| wrong("username", &name))?;
    }
    if let Some(password) = optional(lua, parts, "password")? {
        let set = url.set_password(Some(&password));
        set.map_err(|()| Error::runtime("wrong password"))?;
    }
    // Out of range, it is as if it were not there.
    let port = lua.coerce_integer(parts.get("port")?)?;
    if let Some(port) = port.and_then(|port| u16::try_from(port).ok()) {
        let set = url.set_port(Some(port));
        set.map_err(|()| wrong("port", &port.to_string()))?;
    }
    if let Some(path) = optional(lua, parts, "path")? {
        url.set_path(&path);
    }
    url.set_query(optional(lua, parts, "query")?.as_deref());
    if let Value::Table(args) = parts.get("args")? {
        append(lua, &mut url, &args)?;
    }
    url.set_fragment(optional(lua, parts, "fragment")?.as_deref());
    Ok(url.into())
}

/// Only lists count: an argument that is none is left out.
fn append(lua: &Lua, url: &mut Url, args: &Table) -> Result<()> {
    let mut pairs = Vec::new();
    for (name, values) in sorted(lua, args)? {
        if let Value::Table(values) = values {
            for value in values.sequence_values::<Value>() {
                if let Some(value) = lua.coerce_string(value?)? {
                    pairs.push((name.clone(), value.to_string_lossy()));
                }
            }
        }
    }
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    Ok(())
}

fn decode(lua: &Lua, text: &str) -> Result<Table> {
    let url = Url::parse(text).map_err(|error| Error::runtime(format_args!("no URL: {error}")))?;
    let parts = lua.create_table()?;
    parts.raw_set("scheme", url.scheme())?;
    parts.raw_set("username", url.username())?;
    parts.raw_set("password", url.password())?;
    parts.raw_set("host", url.host_str())?;
    parts.raw_set("port", url.port())?;
    parts.raw_set("path", url.path())?;
    parts.raw_set("query", url.query())?;
    parts.raw_set("fragment", url.fragment())?;
    let query = url.query().unwrap_or_default();
    parts.raw_set("args", unquote(lua, query.as_bytes())?)?;
    Ok(parts)
}

fn quote(lua: &Lua, pairs: &Table) -> Result<String> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in sorted(lua, pairs)? {
        match value {
            Value::Table(values) => {
                for value in values.sequence_values::<Value>() {
                    form.append_pair(&name, &scalar(lua, &name, &value?)?);
                }
            }
            value => {
                form.append_pair(&name, &scalar(lua, &name, &value)?);
            }
        }
    }
    Ok(form.finish())
}

fn unquote(lua: &Lua, text: &[u8]) -> Result<Table> {
    let names = lua.create_table()?;
    for (name, value) in form_urlencoded::parse(text) {
        let values: Option<Table> = names.raw_get(name.as_ref())?;
        match values {
            Some(values) => values.raw_push(value.as_ref())?,
            None => names.raw_set(name, lua.create_sequence_from([value.as_ref()])?)?,
        }
    }
    Ok(names)
}

/// Lua's own order changes from run to run.
fn sorted(lua: &Lua, table: &Table) -> Result<BTreeMap<String, Value>> {
    let mut sorted = BTreeMap::new();
    for pair in table.pairs::<Value, Value>() {
        let (name, value) = pair?;
        if let Some(name) = lua.coerce_string(name)? {
            sorted.insert(name.to_string_lossy(), value);
        }
    }
    Ok(sorted)
}

fn scalar(lua: &Lua, name: &str, value: &Value) -> Result<String> {
    if let Value::Boolean(yes) = value {
        return Ok(yes.to_string());
    }
    let text = lua.coerce_string(value.clone())?;
    let text = text.map(|text| text.to_string_lossy());
    text.ok_or_else(|| {
        let kind = value.type_name();
        Error::runtime(format_args!(
            "'{name}' is a {kind}, which a form cannot hold"
        ))
    })
}

fn needed(parts: &Table, name: &str) -> Result<String> {
    let part: Option<String> = parts.get(name)?;
    part.ok_or_else(|| Error::runtime(format_args!("a URL needs '{name}'")))
}

fn optional(lua: &Lua, parts: &Table, name: &str) -> Result<Option<String>> {
    let text = lua.coerce_string(parts.get(name)?)?;
    Ok(text.map(|text| text.to_string_lossy()))
}

fn wrong(part: &str, value: &str) -> Error {
    Error::runtime(format_args!("'{value}' is no {part} of a URL"))
}

const SCHEMES: [&str; 5] = ["ftp", "http", "https", "ws", "wss"];

#[cfg(test)]
mod tests;
