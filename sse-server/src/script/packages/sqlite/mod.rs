//! `sqlite`: databases in a file or in memory.

mod connection;
mod row;
mod transaction;

use std::rc::Rc;
use std::sync::Arc;

use mlua::{Error, Function, Lua, Result, Table, UserData, UserDataFields, UserDataMethods, Value};
use rusqlite::Batch;
use rusqlite::fallible_iterator::FallibleIterator as _;
use tokio::sync::Mutex;

use super::argument;
use crate::script::allowance::MemoryLimit;
use connection::{Connection, OpenFiles, Outcome};
use row::{Cell, Rows};

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.set_app_data(OpenFiles::default());
    lua.register_module("sqlite", Package)
}

struct Package;

impl UserData for Package {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field("null", Value::NULL);
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_async_function("open", async |lua, path: Value| {
            let path = argument::utf8(&path, "sqlite.open", 1)?;
            let files = lua.app_data_ref::<OpenFiles>().map(|files| files.clone());
            let files = files.unwrap_or_default();
            if !files.has_room() {
                // Those that the script has let go of are closed.
                let _ = lua.gc_collect();
            }
            let heap = i64::try_from(MemoryLimit::of(&lua).0).unwrap_or(i64::MAX);
            let connection = Connection::open(path, &files, heap).await?;
            Ok(Database(Rc::new(Shared {
                connection,
                turn: Arc::default(),
            })))
        });
    }
}

struct Database(Rc<Shared>);

/// A connection, and whose turn it is: a statement's, or a whole transaction's. Turns come in the
/// order in which they were asked for.
struct Shared {
    connection: Connection,
    turn: Arc<Mutex<()>>,
}

impl UserData for Database {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field("null", Value::NULL);
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        type Call = (Value, Option<Table>);
        methods.add_async_method("exec", async |lua, this, call: Call| {
            let shared = shared(&this)?;
            let _turn = shared.turn.lock().await;
            execute(&lua, &shared, call).await
        });
        methods.add_async_method("query", async |lua, this, call: Call| {
            let shared = shared(&this)?;
            let _turn = shared.turn.lock().await;
            query(&lua, &shared, call).await
        });
        methods.add_async_method("transaction", async |lua, this, work: Function| {
            transaction::run(&lua, shared(&this)?, work).await
        });
    }
}

/// The connection, for a call that waits for its turn.
///
/// # Errors
///
/// The caller is inside a transaction of this database and would wait for itself.
fn shared(this: &Database) -> Result<Rc<Shared>> {
    let shared = Rc::clone(&this.0);
    if transaction::is_inside(&shared) {
        return Err(Error::runtime(
            "the database is in this transaction: call its argument instead",
        ));
    }
    Ok(shared)
}

async fn execute(lua: &Lua, shared: &Shared, call: (Value, Option<Table>)) -> Result<Table> {
    let (sql, arguments) = read(lua, "exec", call)?;
    let work = move |database: &rusqlite::Connection| {
        let mut statement = first(database, &sql)?;
        let rows = statement.execute(rusqlite::params_from_iter(arguments))?;
        Ok((rows, database.last_insert_rowid()))
    };
    let (rows, last) = shared.connection.call(work).await?;
    let result = lua.create_table()?;
    result.raw_set("rows_affected", rows)?;
    result.raw_set("last_insert_id", last)?;
    Ok(result)
}

async fn query(lua: &Lua, shared: &Shared, call: (Value, Option<Table>)) -> Result<Table> {
    let (sql, arguments) = read(lua, "query", call)?;
    let work =
        move |database: &rusqlite::Connection| Rows::read(&mut first(database, &sql)?, arguments);
    let rows = shared.connection.call(work).await?;
    rows.into_lua(lua)
}

fn read(
    lua: &Lua,
    function: &str,
    (sql, arguments): (Value, Option<Table>),
) -> Result<(String, Vec<Cell>)> {
    Ok((
        argument::utf8(&sql, function, 1)?,
        row::arguments(lua, arguments)?,
    ))
}

/// The first statement of a text; what comes after it does not run.
fn first<'a>(database: &'a rusqlite::Connection, sql: &str) -> Outcome<rusqlite::Statement<'a>> {
    let statement = Batch::new(database, sql).next()?;
    statement.ok_or_else(|| "no statement".into())
}

#[cfg(test)]
mod tests;
