//! Several statements, all or none, with nobody else's between them.

use std::cell::Cell;
use std::rc::{Rc, Weak};

use mlua::{Error, Function, Lua, MultiValue, Result, Table, UserData, UserDataMethods, Value};

use super::Shared;

/// Calls the function between begin and commit, and gives what it gives.
///
/// # Errors
///
/// Those of the function: everything is rolled back then. The commit fails, with the same effect.
///
/// # Cancel safety
///
/// A transaction that is abandoned is rolled back before anything else runs.
pub(super) async fn run(lua: &Lua, shared: Rc<Shared>, work: Function) -> Result<MultiValue> {
    let _turn = shared.turn.lock().await;
    let open = Open::begin(&shared).await?;
    let transaction = lua.create_userdata(Transaction {
        shared: Rc::clone(&shared),
        open: Rc::downgrade(&open.is),
    })?;
    let mut inside = INSIDE.try_with(Clone::clone).unwrap_or_default();
    inside.push(address(&shared));
    let work = work.call_async::<MultiValue>(transaction);
    let result = INSIDE.scope(inside, work).await?;
    open.commit(&shared).await?;
    Ok(result)
}

/// Whether the caller runs inside a transaction of this database.
pub(super) fn is_inside(shared: &Rc<Shared>) -> bool {
    let holds = |inside: &Vec<usize>| inside.contains(&address(shared));
    INSIDE.try_with(holds).unwrap_or(false)
}

tokio::task_local! {
    /// The databases whose transactions the coroutine that is being polled runs in.
    static INSIDE: Vec<usize>;
}

fn address(shared: &Rc<Shared>) -> usize {
    Rc::as_ptr(shared).addr()
}

/// What the function gets: the database, until the function returns.
struct Transaction {
    shared: Rc<Shared>,
    open: Weak<()>,
}

impl UserData for Transaction {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        type Call = (Value, Option<Table>);
        methods.add_async_method("exec", async |lua, this, call: Call| {
            let shared = this.shared()?;
            super::execute(&lua, &shared, call).await
        });
        methods.add_async_method("query", async |lua, this, call: Call| {
            let shared = this.shared()?;
            super::query(&lua, &shared, call).await
        });
    }
}

impl Transaction {
    fn shared(&self) -> Result<Rc<Shared>> {
        match self.open.upgrade() {
            Some(_) => Ok(Rc::clone(&self.shared)),
            None => Err(Error::runtime("the transaction has ended")),
        }
    }
}

/// Rolls back unless it is committed.
struct Open<'a> {
    shared: &'a Shared,
    is: Rc<()>,
    ended: Cell<bool>,
}

impl<'a> Open<'a> {
    async fn begin(shared: &'a Shared) -> Result<Self> {
        let open = Self {
            shared,
            is: Rc::new(()),
            ended: Cell::new(false),
        };
        // At once for writing: two that begin as readers could not both become writers.
        let begun = shared.connection.call(|database| {
            database.execute_batch("BEGIN IMMEDIATE")?;
            Ok(())
        });
        begun.await.inspect_err(|_| open.ended.set(true))?;
        Ok(open)
    }

    async fn commit(self, shared: &Shared) -> Result<()> {
        let commit = shared.connection.call(|database| {
            database.execute_batch("COMMIT")?;
            Ok(())
        });
        commit.await?;
        self.ended.set(true);
        Ok(())
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.ended.get() {
            self.shared.connection.post(|database| {
                // The statement that failed may have rolled it back already.
                if !database.is_autocommit()
                    && let Err(error) = database.execute_batch("ROLLBACK")
                {
                    tracing::error!(%error, "a transaction could not be rolled back");
                }
            });
        }
    }
}
