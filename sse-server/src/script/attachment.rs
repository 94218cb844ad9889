//! What is stored of a publication beside its entry, as JSON.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use bytestring::ByteString;
use serde_json::{Map, Value as Json, json};

use crate::script::{
    request_table::{AddressTable, RequestTable},
    value::{Fields, Value},
};

pub(crate) fn encode(request: &RequestTable, fields: &Fields) -> Bytes {
    let mut stored = Map::new();
    for (name, text) in [
        ("method", &request.method),
        ("path", &request.path),
        ("query", &request.query),
    ] {
        if !text.is_empty() {
            stored.insert(name.to_owned(), Json::from(&**text));
        }
    }
    if let Some(address) = &request.address {
        stored.insert("ip".to_owned(), Json::from(&*address.ip));
        stored.insert("port".to_owned(), Json::from(address.port));
    }
    if let Some(remote) = &request.remote {
        stored.insert("remote".to_owned(), Json::from(&**remote));
    }
    if *fields != Fields::default() {
        stored.insert("fields".to_owned(), fields_to_json(fields));
    }
    Json::Object(stored).to_string().into()
}

/// Returns `None` if that is not what [`encode`] made.
pub(crate) fn decode(stored: &[u8]) -> Option<(RequestTable, Fields)> {
    let stored: Map<String, Json> = serde_json::from_slice(stored).ok()?;
    let text = |name: &str| stored.get(name)?.as_str().map(ByteString::from);
    let (path, query) = (
        text("path").unwrap_or_default(),
        text("query").unwrap_or_default(),
    );
    let uri = match &*query {
        "" => path.clone(),
        query => format!("{path}?{query}").into(),
    };
    let port = stored.get("port").and_then(Json::as_u64);
    let port = port.and_then(|port| u16::try_from(port).ok());
    let request = RequestTable {
        method: text("method").unwrap_or_default(),
        uri,
        path,
        query,
        address: text("ip")
            .zip(port)
            .map(|(ip, port)| AddressTable { ip, port }),
        remote: text("remote"),
        ..RequestTable::default()
    };
    let fields = match stored.get("fields") {
        Some(fields) => fields_from_json(fields)?,
        None => Fields::default(),
    };
    Some((request, fields))
}

/// Tables are `{"list": […], "map": [[key, value], …]}`; what JSON has no word for is an object with one key.
fn to_json(value: &Value) -> Json {
    match value {
        Value::Nil => Json::Null,
        Value::Null => json!({"null": 0}),
        Value::Boolean(value) => Json::from(*value),
        Value::Integer(value) => Json::from(*value),
        Value::Number(value) if value.is_finite() => Json::from(*value),
        Value::Number(value) => json!({"number": value.to_string()}),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Json::from(text),
            Err(_) => json!({"base64": STANDARD.encode(bytes)}),
        },
        Value::Table(fields) => fields_to_json(fields),
    }
}

fn fields_to_json(fields: &Fields) -> Json {
    let mut table = Map::new();
    if !fields.list.is_empty() {
        table.insert("list".to_owned(), fields.list.iter().map(to_json).collect());
    }
    let pairs = fields.map.iter();
    let pairs = pairs.map(|(key, value)| Json::from(vec![to_json(key), to_json(value)]));
    table.insert("map".to_owned(), pairs.collect());
    Json::Object(table)
}

fn from_json(stored: &Json) -> Option<Value> {
    Some(match stored {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Integer(number),
            None => Value::Number(number.as_f64()?),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(_) => return None,
        Json::Object(table) => {
            if table.contains_key("map") {
                Value::Table(Arc::new(fields_from_json(stored)?))
            } else if let Some(Json::String(text)) = table.get("base64") {
                Value::Bytes(STANDARD.decode(text).ok()?.into())
            } else if let Some(Json::String(text)) = table.get("number") {
                Value::Number(text.parse().ok()?)
            } else {
                Value::Null
            }
        }
    })
}

fn fields_from_json(stored: &Json) -> Option<Fields> {
    let list = match stored.get("list") {
        Some(list) => list
            .as_array()?
            .iter()
            .map(from_json)
            .collect::<Option<_>>()?,
        None => Vec::new(),
    };
    let pair = |pair: &Json| Some((from_json(pair.get(0)?)?, from_json(pair.get(1)?)?));
    let map = stored
        .get("map")?
        .as_array()?
        .iter()
        .map(pair)
        .collect::<Option<_>>()?;
    Some(Fields { list, map })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_again() {
        let inner = Fields {
            list: vec![1.into(), Value::Number(1.0), Value::Nil, "text".into()],
            map: vec![
                (Value::Boolean(true), Value::Null),
                (Value::Number(1.5), Value::Number(f64::INFINITY)),
                ("bytes".into(), Value::Bytes(Bytes::from_static(b"\xff\0"))),
            ],
        };
        let fields = Fields {
            list: Vec::new(),
            map: vec![("inner".into(), Value::Table(Arc::new(inner)))],
        };
        let request = RequestTable {
            path: "/sse".into(),
            query: "a=1".into(),
            uri: "/sse?a=1".into(),
            ..RequestTable::of_script()
        };
        let stored = encode(&request, &fields);
        assert_eq!(decode(&stored), Some((request, fields)));
    }

    #[test]
    fn headers_are_not_stored_and_what_is_no_attachment_is_none() {
        let request = RequestTable {
            headers: vec![("authorization".into(), "secret".into())],
            ..RequestTable::default()
        };
        assert_eq!(encode(&request, &Fields::default()), "{}");
        for other in ["", "[]", "{\"fields\":[]}", "{\"fields\":{\"map\":[[1]]}}"] {
            assert_eq!(decode(other.as_bytes()), None, "{other}");
        }
    }
}
