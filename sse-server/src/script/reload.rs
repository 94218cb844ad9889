//! One generation after another.

use std::{rc::Rc, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};
use mlua::{Lua, Result as LuaResult};
use tokio::{
    sync::{OwnedRwLockReadGuard, RwLock},
    task, time,
};

use crate::script::{
    engine::{self, Engine},
    error::ScriptError,
    hook::Hook,
    packages,
    state::{Failure, State},
    subscriber::Sub,
};

/// Holds a reload back until what a generation of the script made is in the log. A clone is the same.
#[derive(Clone, Debug)]
pub struct OrderPermit {
    _held: Option<Arc<OwnedRwLockReadGuard<()>>>,
}

impl OrderPermit {
    pub(crate) async fn take(order: &Arc<RwLock<()>>) -> Self {
        let held = Arc::clone(order).read_owned().await;
        let held = Some(Arc::new(held));
        Self { _held: held }
    }

    pub(crate) const fn none() -> Self {
        Self { _held: None }
    }
}

impl Engine {
    /// Makes a generation of the file as it is now.
    pub(super) async fn reload(self: &Rc<Self>) -> Result<u64, ScriptError> {
        let _held = self.reloading.lock().await;
        let text = engine::read(&self.config)?;
        self.replace(text, "reload").await
    }

    /// Makes a generation of the text that was loaded last, since this state is out of memory.
    pub(super) fn spawn_rebuild(self: &Rc<Self>, state: &Rc<State>) {
        let generation = state.generation();
        if generation != self.state().generation() || self.rebuilding.replace(true) {
            return;
        }
        let engine = Rc::clone(self);
        task::spawn_local(async move {
            let _held = engine.reloading.lock().await;
            if engine.state().generation() == generation {
                let text = Rc::clone(&engine.text.borrow());
                match engine.replace(text, "memory").await {
                    Ok(generation) => {
                        tracing::warn!(generation, "the script was out of memory and was rebuilt");
                    }
                    Err(error) => tracing::error!(%error, "the script could not be rebuilt"),
                }
            }
            engine.rebuilding.set(false);
        });
    }

    async fn replace(
        self: &Rc<Self>,
        text: Rc<str>,
        reason: &'static str,
    ) -> Result<u64, ScriptError> {
        let generation = self.state().generation() + 1;
        let packages = |lua: &Lua| -> LuaResult<()> {
            packages::register_all(lua, &self.host, &self.shared, &self.store)
        };
        let watch = self.shared.watch();
        let next = State::load(&self.config, &text, generation, watch, packages).await?;
        let cli = self.cli.borrow().clone();
        if let Some(cli) = &cli {
            engine::start(&next, cli, Some(generation - 1)).await?;
        }
        {
            // What the old generation accepted comes into the log first. A hook that waits for longer is not waited for.
            let order = self.shared.order().write();
            let _order = time::timeout(ORDER, order).await;
            let before = self.set_state(Rc::clone(&next));
            self.text.replace(text);
            self.spawn_end(before, reason);
        }
        if cli.is_some() {
            self.spawn_ticks(Rc::clone(&next));
        }
        self.spawn_joins();
        Ok(generation)
    }

    /// Tells the current generation of all connections, not holding up whoever makes the next one.
    fn spawn_joins(self: &Rc<Self>) {
        let engine = Rc::clone(self);
        task::spawn_local(async move {
            let subs = stream::iter(engine.shared.subs());
            let join = |sub: Sub| {
                let engine = Rc::clone(&engine);
                async move {
                    engine.join(&sub).await;
                    task::yield_now().await;
                }
            };
            subs.for_each_concurrent(JOINS, join).await;
        });
    }

    /// Tells a generation that it ends, once the calls in it have.
    fn spawn_end(self: &Rc<Self>, state: Rc<State>, reason: &'static str) {
        let engine = Rc::clone(self);
        task::spawn_local(async move {
            state.until_idle(END).await;
            let _ = time::timeout(END, engine.call_shutdown(&state, reason)).await;
        });
    }

    /// Returns the current generation, after its `subscribe` was told of a connection.
    pub(super) async fn joined(self: &Rc<Self>, sub: &Sub) -> Rc<State> {
        loop {
            let state = self.state();
            if sub.joined() >= state.generation() {
                return state;
            }
            self.join(sub).await;
        }
    }

    /// Tells the current generation's `subscribe` of a connection that an earlier one accepted.
    pub(super) async fn join(self: &Rc<Self>, sub: &Sub) {
        let _joining = sub.joining().lock().await;
        let state = self.state();
        if sub.joined() >= state.generation() {
            return;
        }
        let told = async {
            let table = state.keys().sub(state.lua(), sub);
            let table = table.map_err(|error| Failure::raised(&error))?;
            let marked = table.raw_set("reloaded", true);
            marked.map_err(|error| Failure::raised(&error))?;
            state.call(Hook::Subscribe, table).await
        };
        if let Err(failure) = told.await {
            self.failed(&state, Hook::Subscribe, failure);
            // It was not counted in, and so must not be counted out.
            sub.set_missed(state.generation());
        }
        sub.set_joined(state.generation());
    }
}

/// How many connections a generation is told of at the same time: its `subscribe` may wait.
const JOINS: usize = 64;

/// How long a reload waits for publications that were accepted and are not in the log.
const ORDER: Duration = Duration::from_secs(2);

/// How long the calls of a generation that was replaced, and then its `shutdown`, may take.
const END: Duration = Duration::from_secs(5);
