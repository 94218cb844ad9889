//! Values on their way between Lua and a database.

use mlua::{Error, Lua, Result, Table, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Statement, ToSql};

use super::connection::Outcome;
use crate::script::{allowance::Allowance, packages::json};

/// A value that a column can hold; text need not be UTF-8, as in the database.
pub(super) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

/// What a query found.
pub(super) struct Rows {
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Cell {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        Ok(match self {
            Self::Null => Value::NULL,
            Self::Integer(number) => Value::Integer(number),
            Self::Real(number) => Value::Number(number),
            Self::Text(bytes) | Self::Blob(bytes) => Value::String(lua.create_string(bytes)?),
        })
    }
}

impl From<ValueRef<'_>> for Cell {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(text) => Self::Text(text.to_vec()),
            ValueRef::Blob(bytes) => Self::Blob(bytes.to_vec()),
        }
    }
}

fn bytes_of(value: ValueRef<'_>) -> usize {
    let held = match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => 0,
    };
    size_of::<Cell>() + held
}

/// The arguments of a statement; a nil ends the list.
pub(super) fn arguments(lua: &Lua, list: Option<Table>) -> Result<Vec<Cell>> {
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let list = list.sequence_values::<Value>();
    let allowance = Allowance::of(lua);
    list.map(|value| {
        let value = value?;
        let held = value.as_string().map_or(0, |text| text.as_bytes().len());
        allowance.take(size_of::<Cell>() + held)?;
        Ok(match value {
            Value::Boolean(yes) => Cell::Integer(yes.into()),
            Value::Integer(number) => Cell::Integer(number),
            Value::Number(number) => Cell::Real(number),
            Value::LightUserData(pointer) if pointer.0.is_null() => Cell::Null,
            Value::String(text) => match text.to_str() {
                Ok(text) => Cell::Text(text.as_bytes().to_vec()),
                Err(_) => Cell::Blob(text.as_bytes().to_vec()),
            },
            other => {
                return Err(Error::runtime(format_args!(
                    "a column cannot hold a {}",
                    other.type_name()
                )));
            }
        })
    })
    .collect()
}

impl Rows {
    /// # Errors
    ///
    /// The query fails, or finds more than the state of the script could hold.
    pub(super) fn read(statement: &mut Statement<'_>, arguments: Vec<Cell>) -> Outcome<Self> {
        let columns: Vec<_> = statement.column_names().map(String::from).collect();
        let mut found = statement.query(rusqlite::params_from_iter(arguments))?;
        let (mut rows, mut size) = (Vec::new(), 0);
        while let Some(row) = found.next()? {
            let mut cells = Vec::with_capacity(columns.len());
            for column in 0..columns.len() {
                let value = row.get_ref(column)?;
                // Before it is copied: a row may hold many times what a value may.
                size += bytes_of(value);
                if size > LARGEST {
                    return Err(format!("the result is larger than {} MiB", LARGEST >> 20).into());
                }
                cells.push(Cell::from(value));
            }
            rows.push(cells);
        }
        Ok(Self { columns, rows })
    }

    /// Rows by column name, in a list that is marked as one: none encode as `[]`.
    pub(super) fn into_lua(self, lua: &Lua) -> Result<Table> {
        let rows = lua.create_table_with_capacity(self.rows.len(), 0)?;
        for cells in self.rows {
            let row = lua.create_table_with_capacity(0, cells.len())?;
            for (column, cell) in self.columns.iter().zip(cells) {
                row.raw_set(column.as_str(), cell.into_lua(lua)?)?;
            }
            rows.raw_push(row)?;
        }
        json::mark(lua, &rows)?;
        Ok(rows)
    }
}

/// A quarter of what the state may hold.
const LARGEST: usize = 64 << 20;
