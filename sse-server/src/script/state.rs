use std::{cell::Cell, path::Path, rc::Rc, sync::Arc, time::Duration};

use mlua::{Function, IntoLuaMulti, Lua, MultiValue, Result as LuaResult, Table, chunk::ChunkMode};
use tokio::sync::Notify;

use crate::script::{
    allowance::Allowance,
    budget::{self, Budget, Over},
    config::ScriptConfig,
    error::{HookErrorKind, ScriptError, ScriptErrorKind},
    hook::{Hook, Hooks},
    sandbox,
    tables::Keys,
    watchdog::Watch,
};

/// One generation of a script: its Lua state, and the hooks as they were when it was loaded.
pub(crate) struct State {
    lua: Lua,
    keys: Keys,
    generation: u64,
    functions: [Option<Function>; Hook::ALL.len()],
    budget: Rc<Budget>,
    running: Cell<usize>,
    idle: Notify,
}

/// Why a call has no result.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: HookErrorKind,
    pub(crate) text: String,
}

impl State {
    /// Runs the text, and captures the hooks it defined.
    ///
    /// # Errors
    /// If the text is no Lua, or raised an error.
    pub(crate) async fn load(
        config: &ScriptConfig,
        text: &str,
        generation: u64,
        watch: &Arc<Watch>,
        packages: impl FnOnce(&Lua) -> LuaResult<()>,
    ) -> Result<Rc<Self>, ScriptError> {
        let broken = |error: &dyn std::fmt::Display| ScriptError::new(ScriptErrorKind::Load, error);
        let budget = Budget::new(config.time_limit, config.memory_limit, Arc::clone(watch));
        // The first start-up may take as long as it takes.
        let budget = Rc::new(match generation {
            1 => budget,
            _ => budget.limit_startup(),
        });
        let prepare = || {
            let lua = sandbox::create(config.access, &budget)?;
            packages(&lua)?;
            let raise: Function = lua.globals().get(Hook::Error.as_str())?;
            let keys = Keys::new(&lua)?;
            Ok((lua, raise, keys))
        };
        let (lua, raise, keys) = prepare().map_err(|error: mlua::Error| broken(&error))?;
        let chunk = lua
            .load(text)
            .set_name(chunk_name(&config.path))
            .set_mode(ChunkMode::Text);
        let run = budget.metered(&lua, Hook::Startup, chunk.exec_async());
        match run.await {
            Ok(result) => result.map_err(|error| broken(&error))?,
            Err(over) => return Err(broken(&Failure::over(over).text)),
        }
        let functions = capture(&lua, &raise).map_err(|error| broken(&error))?;
        Ok(Rc::new(Self {
            lua,
            keys,
            generation,
            functions,
            budget,
            running: Cell::new(0),
            idle: Notify::new(),
        }))
    }

    /// Calls a hook in a coroutine of its own; without that hook, it returns nothing.
    ///
    /// # Cancel safety
    /// Dropping it abandons the call where it waits.
    pub(crate) async fn call(
        &self,
        hook: Hook,
        arguments: impl IntoLuaMulti,
    ) -> Result<MultiValue, Failure> {
        match self.function(hook) {
            Some(function) => self.call_function(hook, function, arguments).await,
            None => Ok(MultiValue::new()),
        }
    }

    /// Calls a hook, and reads what it returned under the same budget: no more is copied than the state allows.
    pub(crate) async fn ask<T>(
        &self,
        hook: Hook,
        arguments: impl IntoLuaMulti,
        read: impl FnOnce(MultiValue, &Allowance) -> LuaResult<T>,
    ) -> Result<T, Failure> {
        let read = |values| {
            let read = read(values, &Allowance::of(&self.lua));
            read.map_err(Failure::returned)
        };
        let Some(function) = self.function(hook) else {
            return read(MultiValue::new());
        };
        let _running = Running::enter(self);
        let call = async {
            let values = function.call_async::<MultiValue>(arguments).await;
            // As for what calls are made with: names are not much.
            let _ = self.lua.set_memory_limit(0);
            read(values.map_err(|error| self.raised(&error))?)
        };
        match self.budget.metered(&self.lua, hook, call).await {
            Ok(read) => read,
            Err(over) => Err(Failure::over(over)),
        }
    }

    /// Calls any function under the budget of a hook.
    pub(crate) async fn call_function(
        &self,
        hook: Hook,
        function: &Function,
        arguments: impl IntoLuaMulti,
    ) -> Result<MultiValue, Failure> {
        let _running = Running::enter(self);
        let call = function.call_async::<MultiValue>(arguments);
        match self.budget.metered(&self.lua, hook, call).await {
            Ok(Ok(values)) => Ok(values),
            Ok(Err(error)) => Err(self.raised(&error)),
            Err(over) => Err(Failure::over(over)),
        }
    }

    /// Waits until no call is running; not longer than `limit`.
    pub(crate) async fn until_idle(&self, limit: Duration) {
        let idle = async {
            while self.running.get() > 0 {
                self.idle.notified().await;
            }
        };
        let _ = tokio::time::timeout(limit, idle).await;
    }

    pub(crate) fn hooks(&self) -> Hooks {
        let mut hooks = Hooks::default();
        for hook in Hook::ALL {
            if self.defines(hook) {
                hooks.insert(hook);
            }
        }
        hooks
    }

    pub(crate) fn defines(&self, hook: Hook) -> bool {
        self.function(hook).is_some()
    }

    pub(crate) fn lua(&self) -> &Lua {
        &self.lua
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    fn raised(&self, error: &mlua::Error) -> Failure {
        if budget::is_memory_error(error) && self.budget.is_full(&self.lua) {
            return Failure::over(Over::Memory);
        }
        Failure::raised(error)
    }

    fn function(&self, hook: Hook) -> Option<&Function> {
        self.functions[hook as usize].as_ref()
    }
}

impl Failure {
    pub(crate) fn over(over: Over) -> Self {
        match over {
            Over::Time(place) => Self {
                kind: HookErrorKind::Time,
                text: format!("it ran for too long\n{place}"),
            },
            Over::Memory => Self {
                kind: HookErrorKind::Memory,
                text: "not enough memory".to_owned(),
            },
        }
    }

    pub(crate) fn raised(error: &mlua::Error) -> Self {
        Self {
            kind: HookErrorKind::Raised,
            text: error.to_string(),
        }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is a function for map_err"
    )]
    fn returned(error: mlua::Error) -> Self {
        Self {
            kind: HookErrorKind::Returned,
            text: error.to_string(),
        }
    }
}

/// Counts the calls that are running.
struct Running<'a>(&'a State);

impl<'a> Running<'a> {
    fn enter(state: &'a State) -> Self {
        state.running.set(state.running.get() + 1);
        Self(state)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let left = self.0.running.get() - 1;
        self.0.running.set(left);
        if left == 0 {
            self.0.idle.notify_waiters();
        }
    }
}

/// `error` is Lua's own function, too: what the script put in its place is the hook, and Lua's comes back.
fn capture(lua: &Lua, raise: &Function) -> LuaResult<[Option<Function>; Hook::ALL.len()]> {
    let globals: Table = lua.globals();
    let mut functions: [Option<Function>; Hook::ALL.len()] = Default::default();
    for hook in Hook::ALL {
        let function = globals.raw_get::<mlua::Value>(hook.as_str())?;
        functions[hook as usize] = function.as_function().cloned();
    }
    let own = &mut functions[Hook::Error as usize];
    if own.as_ref() == Some(raise) {
        *own = None;
    }
    globals.raw_set(Hook::Error.as_str(), raise)?;
    Ok(functions)
}

fn chunk_name(path: &Path) -> String {
    format!("@{}", path.display())
}
