//! `mutex`: one coroutine at a time, in the order in which they came.

use std::sync::Arc;

use mlua::{Function, Lua, MetaMethod, MultiValue, Result, UserData, UserDataMethods, UserDataRef};
use tokio::sync::Mutex;

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.register_module("mutex", Package)
}

struct Package;

impl UserData for Package {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_function(MetaMethod::Call, |_, _: MultiValue| Ok(Lock::default()));
    }
}

/// Not re-entrant: who holds it and calls it again waits for ever.
#[derive(Default)]
struct Lock(Arc<Mutex<()>>);

impl UserData for Lock {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_async_meta_method(
            MetaMethod::Call,
            async |_, this: UserDataRef<Self>, work: Function| {
                let lock = Arc::clone(&this.0);
                // Dropped at the end, on an error, and when the hook is abandoned.
                let _held = lock.lock_owned().await;
                work.call_async::<MultiValue>(()).await
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use mlua::{Function, Lua};

    use crate::script::packages::table::check;
    use crate::script::packages::{mutex, sleep};

    fn register(lua: &Lua) -> mlua::Result<()> {
        mutex::register(lua)?;
        sleep::register(lua)
    }

    #[test]
    fn it_calls_without_arguments_and_returns_all_values() {
        check(
            register,
            &[
                (
                    "local l = require('mutex')() return table.concat({l(function() return 1, 2, 3 end)}, ' ')",
                    "'1 2 3'",
                ),
                (
                    "local l = require('mutex')() return l(function(...) return select('#', ...) end)",
                    "0",
                ),
                (
                    "local l = require('mutex')() l(function() end) return l(function() return 'again' end)",
                    "'again'",
                ),
                ("local l = require('mutex')() return l(5)", "!function"),
                (
                    "local l = require('mutex')() local ok = pcall(l, function() error('x') end) return {ok, l(function() return 'free' end)}",
                    "{false,'free'}",
                ),
                (
                    "local a, b = require('mutex')(), require('mutex')() return a(function() return b(function() return 'two locks' end) end)",
                    "'two locks'",
                ),
            ],
        );
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_it_in_order_even_after_an_error() {
        let lua = Lua::new();
        register(&lua).unwrap();
        let chunk = "local sleep, lock, order = require('sleep'), require('mutex')(), {}
            return order, function(n)
                pcall(lock, function()
                    order[#order + 1] = n
                    sleep(10)
                    order[#order + 1] = n
                    if n % 2 == 0 then error('even') end
                end)
            end";
        let (order, work): (mlua::Table, Function) = lua.load(chunk).eval().unwrap();
        let calls = (1..=5).map(|n| work.call_async::<()>(n));
        futures_util::future::try_join_all(calls).await.unwrap();
        let order: Vec<_> = order.sequence_values::<i64>().flatten().collect();
        assert_eq!(order, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_abandoned_hook_lets_go() {
        let lua = Lua::new();
        register(&lua).unwrap();
        let lock: mlua::AnyUserData = lua.load("return require('mutex')()").eval().unwrap();
        lua.globals().set("lock", lock).unwrap();
        let held = lua.load("lock(function() require('sleep')(math.huge) end)");
        let second = std::time::Duration::from_secs(1);
        let abandoned = tokio::time::timeout(second, held.exec_async()).await;
        assert!(abandoned.is_err());
        let free = lua.load("return lock(function() return 'free' end)");
        assert_eq!(free.eval_async::<String>().await.unwrap(), "free");
    }
}
