//! What a call may take: time by a hook of the interpreter, memory by a limit of its allocator.
//!
//! A call that is over its budget yields and is never resumed, so nothing in the script can catch that.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use mlua::{Error, HookTriggers, Lua, LuaString, Result, Value, VmState};
use pin_project_lite::pin_project;

use crate::script::{allowance::MemoryLimit, hook::Hook, tally::Tally, watchdog::Watch};

/// The budget of one state, and the call that is running in it.
pub(crate) struct Budget {
    time: Option<Duration>,
    startup: Option<Duration>,
    /// Zero is no limit, as for the allocator.
    memory: usize,
    watch: Arc<Watch>,
    tally: Tally,
    running: RefCell<Option<Rc<Meter>>>,
}

/// What one call has taken.
struct Meter {
    limit: Option<Duration>,
    spent: Cell<Duration>,
    since: Cell<Instant>,
    over: RefCell<Option<Over>>,
    /// Whether the interpreter was asked to yield, and went on since it could not.
    asked: Cell<bool>,
}

/// Which limit a call went over.
#[derive(Clone, Debug)]
pub(crate) enum Over {
    /// Its time, and where it was.
    Time(String),
    Memory,
}

impl Budget {
    pub(crate) fn new(time: Option<Duration>, memory: Option<usize>, watch: Arc<Watch>) -> Self {
        Self {
            time,
            startup: None,
            memory: memory.unwrap_or(0),
            watch,
            tally: Tally::new(),
            running: RefCell::new(None),
        }
    }

    /// Limits start-up, too, for a state that is to take the place of one that works.
    pub(crate) fn limit_startup(mut self) -> Self {
        self.startup = self.time.map(|time| time * STARTUP);
        self
    }

    /// Makes the interpreter look at the time; the function that is returned tells whether a budget is spent.
    pub(crate) fn install(self: &Rc<Self>, lua: &Lua) -> Result<mlua::Function> {
        lua.set_app_data(MemoryLimit(self.memory));
        let budget = Rc::clone(self);
        let triggers = HookTriggers::new().every_nth_instruction(INSTRUCTIONS);
        lua.set_global_hook(triggers, move |lua, _| budget.look(lua))?;
        let budget = Rc::clone(self);
        lua.create_function(move |lua, caught: Value| Ok(budget.is_over(lua, &caught)))
    }

    /// Runs a call under the budget; what it awaits is not counted.
    pub(crate) fn metered<F>(self: &Rc<Self>, lua: &Lua, hook: Hook, future: F) -> Metered<F> {
        self.tally.called(hook);
        let limit = match hook {
            Hook::Startup => self.startup,
            _ => self.time,
        };
        Metered {
            future: Some(future),
            lua: lua.clone(),
            budget: Rc::clone(self),
            hook,
            meter: Rc::new(Meter {
                limit,
                spent: Cell::new(Duration::ZERO),
                since: Cell::new(Instant::now()),
                over: RefCell::new(None),
                asked: Cell::new(false),
            }),
        }
    }

    fn look(&self, lua: &Lua) -> Result<VmState> {
        let running = self.running.borrow();
        let Some(meter) = running.as_ref() else {
            return Ok(VmState::Continue);
        };
        let spent = meter.spent.get() + meter.since.get().elapsed();
        if meter.limit.is_some_and(|limit| spent > limit) && meter.over.borrow().is_none() {
            let place = lua.traceback(None, 0);
            let place = place.map_or_else(|_| String::new(), |text| text.to_string_lossy());
            meter.over.replace(Some(Over::Time(place)));
        }
        if meter.over.borrow().is_none() {
            return Ok(VmState::Continue);
        }
        if meter.asked.replace(!meter.asked.get()) {
            // It is in a function of the library that cannot yield, such as `table.sort`.
            return Err(Error::runtime("the script is over its budget"));
        }
        Ok(VmState::Yield)
    }

    /// Called with what a protected call caught.
    fn is_over(&self, lua: &Lua, caught: &Value) -> bool {
        let running = self.running.borrow();
        let Some(meter) = running.as_ref() else {
            return false;
        };
        let mut over = meter.over.borrow_mut();
        if over.is_none() && is_out_of_memory(caught) && self.is_full(lua) {
            *over = Some(Over::Memory);
        }
        over.is_some()
    }

    /// Tells whether the state holds so much that a memory error is believed: a script may raise the same words, and
    /// what was refused alone, such as one great string, leaves the state as it was.
    ///
    /// What grows until it is refused, at most threefold at a time, has come further than this.
    pub(crate) fn is_full(&self, lua: &Lua) -> bool {
        self.memory > 0 && lua.used_memory() >= self.memory / 4
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
    /// A call under a budget: its result, or the limit it went over.
    pub(crate) struct Metered<F> {
        #[pin]
        future: Option<F>,
        lua: Lua,
        budget: Rc<Budget>,
        hook: Hook,
        meter: Rc<Meter>,
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = std::result::Result<F::Output, Over>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let running = Running::enter(this.lua, this.budget, this.meter, *this.hook);
        let polled = match this.future.as_mut().as_pin_mut() {
            Some(future) => future.poll(cx),
            None => Poll::Pending,
        };
        let Some(over) = this.meter.over.borrow().clone() else {
            return polled.map(Ok);
        };
        // Dropped while the meter runs, since it closes what the script left open.
        this.future.set(None);
        // A lock that a coroutine of the script held is free once that is collected. That may need a little memory
        // where none is left, and the watchdog sees it as a part of the call.
        let _ = this.lua.set_memory_limit(0);
        let _ = this.lua.gc_collect();
        drop(running);
        Poll::Ready(Err(over))
    }
}

/// While this is held, the meter runs.
struct Running<'a> {
    lua: &'a Lua,
    budget: &'a Budget,
    meter: &'a Rc<Meter>,
    hook: Hook,
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
            hook,
            before: budget.running.replace(Some(Rc::clone(meter))),
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.lua.set_memory_limit(0);
        self.budget.running.replace(self.before.take());
        self.budget.watch.leave();
        let ran = self.meter.since.get().elapsed();
        self.meter.spent.set(self.meter.spent.get() + ran);
        self.budget.tally.ran(self.hook, ran);
    }
}

/// How much longer than a hook start-up may run; all hooks wait for it meanwhile.
const STARTUP: u32 = 10;

/// Some ten microseconds of Lua.
const INSTRUCTIONS: u32 = 1000;
