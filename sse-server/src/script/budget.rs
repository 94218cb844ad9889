//! What a call may take: time by a hook of the interpreter that the script cannot catch, memory by a limit of its allocator.

use std::{
    cell::{Cell, RefCell},
    error::Error as StdError,
    fmt,
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use mlua::{Error, HookTriggers, Lua, LuaString, Result, Value, VmState};
use pin_project_lite::pin_project;

use crate::script::{hook::Hook, watchdog::Watch};

/// The budget of one state, and the call that is running in it.
pub(crate) struct Budget {
    time: Option<Duration>,
    /// Zero is no limit, as for the allocator.
    memory: usize,
    watch: Arc<Watch>,
    running: RefCell<Option<Rc<Meter>>>,
}

/// What one call has taken.
pub(crate) struct Meter {
    limit: Option<Duration>,
    spent: Cell<Duration>,
    since: Cell<Instant>,
    over: Cell<Option<Over>>,
}

/// Which limit a call went over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Over {
    Time,
    Memory,
}

impl Budget {
    pub(crate) fn new(time: Option<Duration>, memory: Option<usize>, watch: Arc<Watch>) -> Self {
        Self {
            time,
            memory: memory.unwrap_or(0),
            watch,
            running: RefCell::new(None),
        }
    }

    /// Makes the interpreter look at the time; the function that is returned raises again what must not be caught.
    pub(crate) fn install(self: &Rc<Self>, lua: &Lua) -> Result<mlua::Function> {
        let budget = Rc::clone(self);
        let triggers = HookTriggers::new().every_nth_instruction(INSTRUCTIONS);
        lua.set_global_hook(triggers, move |_, _| {
            budget.check_time()?;
            Ok(VmState::Continue)
        })?;
        let budget = Rc::clone(self);
        lua.create_function(move |_, caught: Value| budget.refuse(&caught))
    }

    /// Runs a call under the budget; what it awaits is not counted.
    pub(crate) fn metered<F>(self: &Rc<Self>, lua: &Lua, hook: Hook, future: F) -> Metered<F> {
        // Start-up may take as long as it takes.
        let limit = self.time.filter(|_| hook != Hook::Startup);
        Metered {
            future,
            lua: lua.clone(),
            budget: Rc::clone(self),
            hook,
            meter: Rc::new(Meter {
                limit,
                spent: Cell::new(Duration::ZERO),
                since: Cell::new(Instant::now()),
                over: Cell::new(None),
            }),
        }
    }

    fn check_time(&self) -> Result<()> {
        let running = self.running.borrow();
        let Some(meter) = running.as_ref() else {
            return Ok(());
        };
        if let Some(limit) = meter.limit
            && meter.over.get().is_none()
            && meter.spent.get() + meter.since.get().elapsed() > limit
        {
            meter.over.set(Some(Over::Time));
        }
        match meter.over.get() {
            Some(over) => Err(Error::external(over)),
            None => Ok(()),
        }
    }

    /// Called with what a protected call caught.
    fn refuse(&self, caught: &Value) -> Result<()> {
        let running = self.running.borrow();
        let Some(meter) = running.as_ref() else {
            return Ok(());
        };
        if meter.over.get().is_none() && is_out_of_memory(caught) {
            meter.over.set(Some(Over::Memory));
        }
        match meter.over.get() {
            Some(over) => Err(Error::external(over)),
            None => Ok(()),
        }
    }
}

fn is_out_of_memory(caught: &Value) -> bool {
    let says = |text: &LuaString| *text.as_bytes() == *b"not enough memory";
    match caught {
        Value::String(text) => says(text),
        Value::Error(error) => is_memory_error(error),
        _ => false,
    }
}

/// Tells whether the allocator's limit is at the root of an error.
pub(crate) fn is_memory_error(error: &Error) -> bool {
    match error {
        Error::MemoryError(_) => true,
        Error::CallbackError { cause, .. } | Error::WithContext { cause, .. } => {
            is_memory_error(cause)
        }
        _ => false,
    }
}

pin_project! {
    /// A call under a budget: its result, and the limit it went over.
    pub(crate) struct Metered<F> {
        #[pin]
        future: F,
        lua: Lua,
        budget: Rc<Budget>,
        hook: Hook,
        meter: Rc<Meter>,
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = (F::Output, Option<Over>);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let running = Running::enter(this.lua, this.budget, this.meter, *this.hook);
        let polled = this.future.poll(cx);
        drop(running);
        polled.map(|output| (output, this.meter.over.get()))
    }
}

/// While this is held, the meter runs.
struct Running<'a> {
    lua: &'a Lua,
    budget: &'a Budget,
    meter: &'a Rc<Meter>,
    before: Option<Rc<Meter>>,
}

impl<'a> Running<'a> {
    fn enter(lua: &'a Lua, budget: &'a Budget, meter: &'a Rc<Meter>, hook: Hook) -> Self {
        let now = Instant::now();
        meter.since.set(now);
        budget.watch.enter(hook, now);
        // Tables for the next call are made without a limit: with one, each step of it would be a protected call.
        let _ = lua.set_memory_limit(budget.memory);
        Self {
            lua,
            budget,
            meter,
            before: budget.running.replace(Some(Rc::clone(meter))),
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.lua.set_memory_limit(0);
        self.budget.running.replace(self.before.take());
        self.budget.watch.leave();
        let spent = self.meter.spent.get() + self.meter.since.get().elapsed();
        self.meter.spent.set(spent);
    }
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "the script ran for too long",
            Self::Memory => "the script is out of memory",
        })
    }
}

impl StdError for Over {}

/// Some ten microseconds of Lua.
const INSTRUCTIONS: u32 = 1000;
