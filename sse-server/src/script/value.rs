use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

/// A Lua value outside Lua: an immutable deep copy.
#[expect(
    clippy::exhaustive_enums,
    reason = "these are all values that have a copy"
)]
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `nil`.
    Nil,
    /// `json.null`, which is the same value as `db.null`.
    Null,
    /// A boolean.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A float.
    Number(f64),
    /// A string; Lua's need not be UTF-8.
    Bytes(Bytes),
    /// A table.
    Table(Arc<Fields>),
}

/// What a table holds.
#[expect(clippy::exhaustive_structs, reason = "a table has these two parts")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    /// The values of the keys 1 to n.
    pub list: Vec<Value>,
    /// All others.
    pub map: Vec<(Value, Value)>,
}

impl Fields {
    /// Returns about how many bytes they take in memory.
    pub(crate) fn size(&self) -> usize {
        let pair = |(key, value): &(Value, Value)| key.size() + value.size();
        let list = self.list.iter().map(Value::size).sum::<usize>();
        list + self.map.iter().map(pair).sum::<usize>()
    }
}

impl Value {
    fn size(&self) -> usize {
        let held = match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Table(fields) => size_of::<Fields>() + fields.size(),
            _ => 0,
        };
        size_of::<Self>() + held
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Bytes(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Bytes(text.into())
    }
}

impl From<ByteString> for Value {
    fn from(text: ByteString) -> Self {
        Self::Bytes(text.into_bytes())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nil, Into::into)
    }
}
