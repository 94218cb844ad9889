//! What of Lua and of the machine a script reaches.

use std::rc::Rc;

use mlua::{Lua, LuaOptions, Result, StdLib, Table, Value};

use crate::script::{budget::Budget, config::Access, unrestricted};

/// Makes a state that reaches what `access` says and keeps to the budget.
pub(crate) fn create(access: Access, budget: &Rc<Budget>) -> Result<Lua> {
    // Threads are kept for the next call; one that is waiting is not in the pool.
    let options = LuaOptions::new().thread_pool_size(POOL);
    let lua = match access {
        Access::Sandboxed | Access::Os => Lua::new_with(StdLib::ALL_SAFE, options)?,
        Access::Unsafe => unrestricted::create(options),
    };
    if access == Access::Sandboxed {
        remove(&lua, "os", &OS)?;
        remove(&lua, "io", &["popen"])?;
    }
    if access != Access::Unsafe {
        remove(&lua, "package", &["loadlib"])?;
    }
    let over = budget.install(&lua)?;
    let text_only = access != Access::Unsafe;
    lua.load(include_str!("guard.lua"))
        .set_name("=guard")
        .call::<()>((over, Value::LightUserData(Lua::poll_pending()), text_only))?;
    Ok(lua)
}

fn remove(lua: &Lua, library: &str, names: &[&str]) -> Result<()> {
    let library: Table = lua.globals().get(library)?;
    for name in names {
        library.raw_remove(*name)?;
    }
    Ok(())
}

/// Programs, the end of the process, other files, and what holds for all threads.
const OS: [&str; 6] = [
    "execute",
    "exit",
    "remove",
    "rename",
    "tmpname",
    "setlocale",
];

const POOL: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::watchdog::Watch;

    #[track_caller]
    fn check(access: Access, chunk: &str, expected: &str) {
        let budget = Rc::new(Budget::new(None, None, Watch::start()));
        let lua = create(access, &budget).unwrap();
        let found = match lua.load(chunk).eval::<Value>() {
            Ok(value) => value.to_string().unwrap(),
            Err(error) => format!("!{error}"),
        };
        match expected.strip_prefix('!') {
            Some(part) => assert!(
                found.starts_with('!') && found.contains(part),
                "{access:?}: {chunk} gave {found}"
            ),
            None => assert_eq!(found, expected, "{access:?}: {chunk}"),
        }
    }

    #[test]
    fn what_is_removed_is_removed_and_what_is_kept_works() {
        use Access::{Os, Sandboxed, Unsafe};
        for (access, chunk, expected) in [
            (Sandboxed, "return type(debug)", "nil"),
            (Sandboxed, "return type(os.execute)", "nil"),
            (Sandboxed, "return type(os.exit)", "nil"),
            (Sandboxed, "return type(os.remove)", "nil"),
            (Sandboxed, "return type(os.rename)", "nil"),
            (Sandboxed, "return type(os.tmpname)", "nil"),
            (Sandboxed, "return type(os.setlocale)", "nil"),
            (Sandboxed, "return type(io.popen)", "nil"),
            (Sandboxed, "return type(package.loadlib)", "nil"),
            (Sandboxed, "return #package.searchers", "2"),
            (Sandboxed, "return type(os.time())", "number"),
            (Sandboxed, "return type(os.getenv('PATH'))", "string"),
            (Sandboxed, "return type(io.open)", "function"),
            (Sandboxed, "return load('return 1 + 1')()", "2"),
            (
                Sandboxed,
                "local t = {x = 3} return load('return x', 'n', 't', t)()",
                "3",
            ),
            (
                Sandboxed,
                "return load('return x', 'n', nil, {x = 4})()",
                "4",
            ),
            (
                Sandboxed,
                "return select(2, load(string.dump(function() end), 'd', 'b'))",
                "attempt to load a binary chunk (mode is 't')",
            ),
            (
                Sandboxed,
                "return select(2, load('x ='))",
                "[string \"x =\"]:1: unexpected symbol near <eof>",
            ),
            (Sandboxed, "return select('#', pcall(print))", "1"),
            (
                Sandboxed,
                "return require 'no.such'",
                "!module 'no.such' not found",
            ),
            (Sandboxed, "return dofile('/no/such/file')", "!cannot open"),
            (
                Sandboxed,
                "setmetatable({}, {__gc = function() end})",
                "!a metatable must not have __gc",
            ),
            (
                Sandboxed,
                "local m, ran = {}, false
                setmetatable({}, m)
                m.__gc = function() ran = true end
                collectgarbage()
                return ran",
                "false",
            ),
            (Sandboxed, "return getmetatable(io.stdout)", "false"),
            (
                Sandboxed,
                "local t = setmetatable({}, {__index = {a = 5}}) return setmetatable(t, nil).a or getmetatable(t)",
                "nil",
            ),
            (
                Sandboxed,
                "return setmetatable({})",
                "!nil or table expected",
            ),
            (Os, "setmetatable({}, {__gc = 1})", "!must not have __gc"),
            (
                Unsafe,
                "local ran = false
                setmetatable({}, {__gc = function() ran = true end})
                collectgarbage()
                return ran",
                "true",
            ),
            (Os, "return type(os.execute)", "function"),
            (Os, "return type(io.popen)", "function"),
            (Os, "return type(debug)", "nil"),
            (Os, "return type(package.loadlib)", "nil"),
            (Os, "return #package.searchers", "2"),
            (Unsafe, "return type(debug.sethook)", "function"),
            (Unsafe, "return type(package.loadlib)", "function"),
            (Unsafe, "return #package.searchers", "4"),
            (
                Unsafe,
                "return load(string.dump(function() return 7 end))()",
                "7",
            ),
        ] {
            check(access, chunk, expected);
        }
    }

    #[test]
    fn what_catches_errors_works_as_before() {
        for (chunk, expected) in [
            (
                "return pcall(function(...) return select('#', ...) end, 1, nil)",
                "true",
            ),
            ("return select(2, pcall(error, 'x', 0))", "x"),
            ("return select(2, pcall(error, {code = 5})).code", "5"),
            (
                "return select(2, xpcall(error, function(m) return m .. '!' end, 'x', 0))",
                "x!",
            ),
            (
                "return select('#', coroutine.resume(coroutine.create(function() end)))",
                "1",
            ),
            (
                "return select(3, coroutine.resume(coroutine.create(function(a) return a, coroutine.yield(a) end), 5))",
                "nil",
            ),
            (
                "local f = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end) return f(1) * 100 + f(4)",
                "208",
            ),
            (
                "local n = 0 for i in coroutine.wrap(function() for i = 1, 4 do coroutine.yield(i) end end) do n = n + i end return n",
                "10",
            ),
            (
                "return select(2, pcall(coroutine.wrap(function() error('inner', 0) end)))",
                "inner",
            ),
            (
                "return select('#', pcall(function() return nil, nil end))",
                "3",
            ),
            (
                "return select('#', coroutine.resume(coroutine.create(function() return nil, nil end)))",
                "3",
            ),
            (
                "local f = coroutine.wrap(function() end) f() return select(2, pcall(f))",
                "cannot resume dead coroutine",
            ),
            (
                "local co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co) return coroutine.close(co) and coroutine.status(co)",
                "dead",
            ),
            (
                "return select(2, coroutine.resume(coroutine.create(function() error('e', 0) end)))",
                "e",
            ),
        ] {
            check(Access::Sandboxed, chunk, expected);
        }
    }
}
