use std::{
    cell::{Cell, RefCell},
    fs,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use mlua::Lua;
use tokio::{
    runtime, select,
    sync::{Mutex, Notify, mpsc, oneshot},
    task::{self, LocalSet},
    time,
};

use crate::script::{
    cli_table::CliTable,
    config::ScriptConfig,
    error::{ScriptError, ScriptErrorKind},
    hook::Hook,
    host::Host,
    job::Job,
    packages::{self, kv::Store},
    shared::Shared,
    state::State,
    subscriber::Sub,
    tables,
};

/// What runs on the script's thread.
pub(crate) struct Engine {
    pub(super) config: ScriptConfig,
    pub(super) host: Arc<dyn Host>,
    pub(super) shared: Arc<Shared>,
    pub(super) store: Store,
    current: RefCell<Rc<State>>,
    /// The text that the current generation was made of.
    pub(super) text: RefCell<Rc<str>>,
    /// What `startup` was called with.
    pub(super) cli: RefCell<Option<CliTable>>,
    /// Held by whoever starts a generation.
    pub(super) reloading: Mutex<()>,
    pub(super) rebuilding: Cell<bool>,
    /// How many calls of the hook `error` are running.
    pub(super) reporting: Cell<usize>,
    left: Notify,
    stopping: Cell<bool>,
}

/// Runs the script's thread until every handle is gone.
pub(crate) fn run(
    config: ScriptConfig,
    host: Arc<dyn Host>,
    shared: Arc<Shared>,
    loaded: oneshot::Sender<Result<(), ScriptError>>,
    jobs: mpsc::Receiver<(Instant, Job)>,
    leaving: mpsc::UnboundedReceiver<Sub>,
) {
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = ScriptError::new(ScriptErrorKind::Load, error);
            let _ = loaded.send(Err(error));
            return;
        }
    };
    LocalSet::new().block_on(&runtime, async move {
        match Engine::load(config, host, shared).await {
            Ok(engine) => {
                let engine = Rc::new(engine);
                let _ = loaded.send(Ok(()));
                engine.serve(jobs, leaving).await;
            }
            Err(error) => {
                let _ = loaded.send(Err(error));
            }
        }
    });
}

impl Engine {
    async fn load(
        config: ScriptConfig,
        host: Arc<dyn Host>,
        shared: Arc<Shared>,
    ) -> Result<Self, ScriptError> {
        let store = Store::default();
        let text = read(&config)?;
        let packages = |lua: &Lua| packages::register_all(lua, &host, &shared, &store);
        let state = State::load(&config, &text, 1, shared.watch(), packages).await?;
        shared.set_generation(1, state.hooks());
        Ok(Self {
            config,
            host,
            shared,
            store,
            current: RefCell::new(state),
            text: RefCell::new(text),
            cli: RefCell::new(None),
            reloading: Mutex::new(()),
            rebuilding: Cell::new(false),
            reporting: Cell::new(0),
            left: Notify::new(),
            stopping: Cell::new(false),
        })
    }

    async fn serve(
        self: &Rc<Self>,
        mut jobs: mpsc::Receiver<(Instant, Job)>,
        mut leaving: mpsc::UnboundedReceiver<Sub>,
    ) {
        loop {
            select! {
                biased;
                Some(sub) = leaving.recv() => self.spawn_leave(sub),
                job = jobs.recv() => match job {
                    Some((asked, job)) => self.take(asked, job),
                    None => break,
                },
            }
            self.shared
                .set_memory(self.current.borrow().lua().used_memory());
        }
        self.stopping.set(true);
        while let Some(sub) = leaving.recv().await {
            self.spawn_leave(sub);
        }
        let _ = time::timeout(SHUTDOWN, self.until_all_left()).await;
    }

    fn take(self: &Rc<Self>, asked: Instant, job: Job) {
        let engine = Rc::clone(self);
        task::spawn_local(async move {
            // Whoever waits is told to come again when the answer is dropped: the queue gets no longer than this.
            if job.may_be_refused() && asked.elapsed() >= engine.config.patience {
                return;
            }
            engine.run_job(job).await;
        });
    }

    fn spawn_leave(self: &Rc<Self>, sub: Sub) {
        let engine = Rc::clone(self);
        task::spawn_local(async move {
            engine.leave(&sub).await;
            engine.shared.one_left();
            engine.left.notify_waiters();
        });
    }

    async fn run_job(self: Rc<Self>, job: Job) {
        match job {
            Job::Startup(cli, reply) => {
                let _ = reply.send(self.startup(cli).await);
            }
            Job::Publish(job) => {
                if !job.reply.is_closed() {
                    let verdict = self.publish(job.request, job.message, job.permit).await;
                    let _ = job.reply.send(verdict);
                }
            }
            Job::Subscribe(job) => {
                if !job.reply.is_closed() {
                    let verdict = self.subscribe(job.request, job.script).await;
                    let _ = job.reply.send(verdict);
                }
            }
            Job::Catchup(sub, last_event_id, mut reply) => {
                let work = self.catchup(&sub, last_event_id);
                if let Some(messages) = unless_gone(&mut reply, work).await {
                    let _ = reply.send(messages);
                }
            }
            Job::Message(batch, sub, mut reply) => {
                let work = self.message(&batch, &sub);
                if let Some(answers) = unless_gone(&mut reply, work).await {
                    let _ = reply.send(answers);
                }
            }
            Job::Timeout(sub, elapsed_ms, mut reply) => {
                let work = self.timeout(&sub, elapsed_ms);
                if let Some(retry) = unless_gone(&mut reply, work).await {
                    let _ = reply.send(retry);
                }
            }
            Job::Join(sub) => self.join(&sub).await,
            Job::Shutdown(reason, reply) => {
                self.shutdown(&reason).await;
                let _ = reply.send(());
            }
            Job::Reload(reply) => {
                let _ = reply.send(self.reload().await);
            }
        }
    }

    async fn startup(self: &Rc<Self>, cli: CliTable) -> Result<(), ScriptError> {
        let _held = self.reloading.lock().await;
        let state = self.state();
        start(&state, &cli, None).await?;
        self.cli.replace(Some(cli));
        self.spawn_ticks(state);
        Ok(())
    }

    async fn shutdown(self: &Rc<Self>, reason: &str) {
        self.stopping.set(true);
        let ended = async {
            self.until_all_left().await;
            self.call_shutdown(&self.state(), reason).await;
        };
        if time::timeout(SHUTDOWN, ended).await.is_err() {
            tracing::warn!("the script did not shut down within five seconds");
        }
    }

    async fn until_all_left(&self) {
        while self.shared.leaving() > 0 {
            self.left.notified().await;
        }
    }

    /// Calls `tick` until the next generation does.
    pub(super) fn spawn_ticks(self: &Rc<Self>, state: Rc<State>) {
        if !state.defines(Hook::Tick) {
            return;
        }
        let engine = Rc::clone(self);
        task::spawn_local(async move {
            let mut count: i64 = 0;
            while !engine.stopping.get() && engine.is_current(&state) {
                count += 1;
                if let Err(failure) = state.call(Hook::Tick, count).await {
                    engine.failed(&state, Hook::Tick, failure);
                }
                time::sleep(engine.config.tick).await;
            }
        });
    }

    /// Returns the current generation.
    pub(super) fn state(&self) -> Rc<State> {
        Rc::clone(&self.current.borrow())
    }

    pub(super) fn set_state(&self, state: Rc<State>) -> Rc<State> {
        self.shared
            .set_generation(state.generation(), state.hooks());
        self.current.replace(state)
    }

    fn is_current(&self, state: &State) -> bool {
        self.current.borrow().generation() == state.generation()
    }
}

/// Abandons a call once nobody waits for it any more.
async fn unless_gone<T>(
    reply: &mut oneshot::Sender<T>,
    work: impl Future<Output = T>,
) -> Option<T> {
    if reply.is_closed() {
        return None;
    }
    select! {
        biased;
        done = work => Some(done),
        () = reply.closed() => None,
    }
}

/// Calls `startup`.
pub(super) async fn start(
    state: &State,
    cli: &CliTable,
    reload: Option<u64>,
) -> Result<(), ScriptError> {
    let failed = |error: &dyn std::fmt::Display| ScriptError::new(ScriptErrorKind::Startup, error);
    let cli = tables::cli(state.lua(), cli, reload).map_err(|error| failed(&error))?;
    match state.call(Hook::Startup, cli).await {
        Ok(_) => Ok(()),
        Err(failure) => Err(failed(&failure.text)),
    }
}

/// Reads the file.
pub(super) fn read(config: &ScriptConfig) -> Result<Rc<str>, ScriptError> {
    let path = &config.path;
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.into()),
        Err(error) => {
            let detail = format!("{}: {error}", path.display());
            Err(ScriptError::new(ScriptErrorKind::Read, detail))
        }
    }
}

/// What `shutdown` may take, with the last of the `unsubscribe` before it.
const SHUTDOWN: Duration = Duration::from_secs(5);
