//! What a script says of a request besides method and URL.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Version};
use mlua::{Error, Lua, Result, Table, Value};
use url::Url;

/// Read once: what a script does to its table later changes nothing.
#[derive(Clone, Default)]
pub(super) struct Options {
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
    pub(super) timeout: Option<Duration>,
    pub(super) version: Option<Version>,
    args: Vec<(String, Vec<String>)>,
}

impl Options {
    /// # Errors
    ///
    /// A name or a value that HTTP does not know, a value of the wrong type.
    pub(super) fn read(lua: &Lua, table: Option<&Table>) -> Result<Self> {
        let Some(table) = table else {
            return Ok(Self::default());
        };
        Ok(Self {
            headers: headers(lua, table.get("headers")?)?,
            body: match table.get("body")? {
                Value::Nil => None,
                body => Some(text(lua, "body", body)?),
            },
            timeout: match table.get("timeout")? {
                Value::Nil => None,
                time => Some(timeout(lua, &time)?),
            },
            version: match table.get("version")? {
                Value::Nil => None,
                version => Some(self::version(&text(lua, "version", version)?)?),
            },
            args: args(lua, table.get("args")?)?,
        })
    }

    /// The other's values where it has any; headers and arguments name by name.
    pub(super) fn overlaid(mut self, over: Self) -> Self {
        // Names compare without case here, so that no header is sent in two spellings.
        for name in over.headers.keys() {
            self.headers.remove(name);
        }
        self.headers.extend(over.headers);
        for (name, values) in over.args {
            self.args.retain(|(known, _)| *known != name);
            self.args.push((name, values));
        }
        Self {
            headers: self.headers,
            body: over.body.or(self.body),
            timeout: over.timeout.or(self.timeout),
            version: over.version.or(self.version),
            args: self.args,
        }
    }

    /// Adds the arguments to the query.
    pub(super) fn append(&self, url: &mut Url) {
        let pairs = self.args.iter();
        let pairs = pairs.flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        let mut pairs = pairs.peekable();
        if pairs.peek().is_some() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
    }
}

fn headers(lua: &Lua, table: Option<Table>) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs(table) {
        let name = text(lua, "a header's name", name)?;
        if value.is_table() {
            continue;
        }
        let value = text(lua, "a header", value)?;
        let shown = String::from_utf8_lossy(&name).into_owned();
        let name = HeaderName::from_bytes(&name)
            .map_err(|_| Error::runtime(format_args!("'{shown}' is no name of a header")))?;
        let value = HeaderValue::from_bytes(&value)
            .map_err(|_| Error::runtime(format_args!("the value of '{shown}' is no header")))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// In the order of their names: Lua's changes from run to run.
fn args(lua: &Lua, table: Option<Table>) -> Result<Vec<(String, Vec<String>)>> {
    let lossy = |value| Ok(String::from_utf8_lossy(&text(lua, "an argument", value)?).into_owned());
    let mut args = Vec::new();
    for (name, value) in pairs(table) {
        let values = match value {
            Value::Table(list) => list
                .sequence_values()
                .map(|value| lossy(value?))
                .collect::<Result<Vec<_>>>()?,
            Value::Boolean(yes) => vec![yes.to_string()],
            value => vec![lossy(value)?],
        };
        args.push((lossy(name)?, values));
    }
    args.sort();
    Ok(args)
}

fn pairs(table: Option<Table>) -> Vec<(Value, Value)> {
    let pairs = table.map(|table| table.pairs().flatten().collect());
    pairs.unwrap_or_default()
}

fn text(lua: &Lua, what: &str, value: Value) -> Result<Vec<u8>> {
    let kind = value.type_name();
    let text = lua.coerce_string(value)?;
    let text = text.map(|text| text.as_bytes().to_vec());
    text.ok_or_else(|| {
        Error::runtime(format_args!(
            "{what} must be a string or a number, not a {kind}"
        ))
    })
}

fn timeout(lua: &Lua, time: &Value) -> Result<Duration> {
    let millis = lua.coerce_number(time.clone())?;
    let millis = millis.ok_or_else(|| Error::runtime("'timeout' must be milliseconds"))?;
    let seconds = millis.max(0.0) / 1000.0;
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

fn version(text: &[u8]) -> Result<Version> {
    match text.to_ascii_uppercase().as_slice() {
        b"HTTP/1.0" => Ok(Version::HTTP_10),
        b"HTTP/1.1" => Ok(Version::HTTP_11),
        b"HTTP/0.9" | b"HTTP/2" | b"HTTP/2.0" | b"HTTP/3" | b"HTTP/3.0" => Err(Error::runtime(
            format_args!("{} is not spoken here", String::from_utf8_lossy(text)),
        )),
        _ => Err(Error::runtime(format_args!(
            "'{}' is no version of HTTP",
            String::from_utf8_lossy(text)
        ))),
    }
}
