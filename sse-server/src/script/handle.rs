use std::{
    fmt,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, oneshot},
    time,
};

use crate::script::{
    cli_table::CliTable,
    config::ScriptConfig,
    engine,
    error::{HookError, HookErrorKind, ScriptError, ScriptErrorKind},
    health::ScriptHealth,
    hook::Hook,
    host::Host,
    job::{Job, PublishJob, SubscribeJob},
    message_table::MessageTable,
    publication::Publication,
    reload::OrderPermit,
    request_table::RequestTable,
    shared::Shared,
    subscriber::{Sub, Subscriber},
    value::Fields,
    verdict::{PublishVerdict, Routing, SubscribeVerdict},
};

/// A script that runs on a thread of its own. A clone is the same script; the thread ends with the last.
#[derive(Clone)]
pub struct Script {
    shared: Arc<Shared>,
    jobs: mpsc::Sender<(Instant, Job)>,
    /// Unbounded, since dropping a connection cannot wait; there are no more than there were connections.
    leaving: mpsc::UnboundedSender<Sub>,
}

impl Script {
    /// Loads the script and captures its hooks; [`startup`](Self::startup) is called apart.
    ///
    /// # Errors
    /// [`ScriptError`] if the file cannot be read, is no Lua, or raised an error.
    pub async fn start(config: ScriptConfig, host: Arc<dyn Host>) -> Result<Self, ScriptError> {
        let (jobs, taken) = mpsc::channel(JOBS);
        let (leaving, left) = mpsc::unbounded_channel();
        let (loaded, answer) = oneshot::channel();
        let shared = Arc::new(Shared::new());
        let theirs = Arc::clone(&shared);
        thread::Builder::new()
            .name("script".into())
            .spawn(move || engine::run(config, host, theirs, loaded, taken, left))
            .map_err(|error| ScriptError::new(ScriptErrorKind::Load, error))?;
        answer.await.map_err(|_| ScriptError::unavailable())??;
        Ok(Self {
            shared,
            jobs,
            leaving,
        })
    }

    /// Tells whether the script defines a hook. A reload may change that.
    pub fn defines(&self, hook: Hook) -> bool {
        self.shared.defines(hook)
    }

    /// Calls `startup`, and from then on `tick`.
    ///
    /// # Errors
    /// [`ScriptError`] if it raised an error.
    pub async fn startup(&self, cli: CliTable) -> Result<(), ScriptError> {
        let answer = self.ask(|reply| Job::Startup(cli, reply)).await;
        answer.unwrap_or_else(|| Err(ScriptError::unavailable()))
    }

    /// Calls `publish`; without that hook it is accepted as it is.
    ///
    /// # Errors
    /// [`HookError`] if it failed. What it raised is in the log only.
    ///
    /// # Cancel safety
    /// A call that has begun goes on to its end; nothing is published.
    pub async fn publish(
        &self,
        request: RequestTable,
        message: MessageTable,
    ) -> Result<PublishVerdict, HookError> {
        if !self.defines(Hook::Publish) {
            return Ok(unasked(request, message, OrderPermit::none()));
        }
        let asked = async {
            let permit = OrderPermit::take(self.shared.order()).await;
            self.ask_publish(request, message, permit).await
        };
        self.unless_stuck(Hook::Publish, asked).await
    }

    /// Calls `publish` under the permit of the message before it: those of one request belong together.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub async fn publish_next(
        &self,
        request: RequestTable,
        message: MessageTable,
        permit: OrderPermit,
    ) -> Result<PublishVerdict, HookError> {
        if !self.defines(Hook::Publish) {
            return Ok(unasked(request, message, permit));
        }
        let asked = self.ask_publish(request, message, permit);
        self.unless_stuck(Hook::Publish, asked).await
    }

    /// Calls `subscribe`; without that hook it is accepted.
    ///
    /// # Errors
    /// [`HookError`] if it failed. What it raised is in the log only.
    ///
    /// # Cancel safety
    /// A call that has begun goes on to its end; if it accepts, `unsubscribe` is called.
    pub async fn subscribe(&self, request: RequestTable) -> Result<SubscribeVerdict, HookError> {
        if !self.defines(Hook::Subscribe) {
            let subscriber = self.accept(request);
            let topics = None;
            return Ok(SubscribeVerdict::Accept { subscriber, topics });
        }
        let script = self.clone();
        let asked = self.ask(|reply| {
            Job::Subscribe(Box::new(SubscribeJob {
                request,
                script,
                reply,
            }))
        });
        self.unless_stuck(Hook::Subscribe, asked).await
    }

    /// Calls `catchup`; empty if there is no such hook, or it failed.
    ///
    /// # Errors
    /// [`HookError`] if the script does not answer.
    pub async fn catchup(
        &self,
        subscriber: &Subscriber,
        last_event_id: Option<String>,
    ) -> Result<Vec<MessageTable>, HookError> {
        if !self.defines(Hook::Catchup) {
            return Ok(Vec::new());
        }
        let sub = subscriber.sub().clone();
        let asked = self.ask(|reply| Job::Catchup(sub, last_event_id, reply));
        self.unless_stuck(Hook::Catchup, async { asked.await.map(Ok) })
            .await
    }

    /// Calls `message` for each publication, in order; `Ok(None)` is not sent.
    ///
    /// An error that [`is_unavailable`](HookError::is_unavailable) is the last answer, and then there may be fewer
    /// than publications: the subscriber is to be closed, to resume later. After any other error that one is skipped.
    ///
    /// # Cancel safety
    /// A call that has begun is abandoned where it waits.
    pub async fn message(
        &self,
        batch: Vec<Publication>,
        subscriber: &Subscriber,
    ) -> Vec<Result<Option<MessageTable>, HookError>> {
        if !self.defines(Hook::Message) {
            let unchanged = |it: Publication| Ok(Some(it.message().clone()));
            return batch.into_iter().map(unchanged).collect();
        }
        let sub = subscriber.sub().clone();
        let answer = self.ask(|reply| Job::Message(batch, sub, reply)).await;
        answer.unwrap_or_else(|| vec![Err(unavailable(Hook::Message))])
    }

    /// Calls `timeout`, and returns the reconnection time in milliseconds if it gave one within five seconds.
    pub async fn timeout(&self, subscriber: &Subscriber, elapsed_ms: u64) -> Option<u64> {
        if !self.defines(Hook::Timeout) {
            return None;
        }
        let sub = subscriber.sub().clone();
        let asked = self.ask(|reply| Job::Timeout(sub, elapsed_ms, reply));
        let answer = self.unless_stuck(Hook::Timeout, async { asked.await.map(Ok) });
        time::timeout(TIMEOUT, answer).await.ok()?.ok()?
    }

    /// Waits until every `unsubscribe` has run, then calls `shutdown`; at most five seconds.
    ///
    /// `tick` is not called any more. Drop or end all connections before.
    pub async fn shutdown(&self, reason: &str) {
        let reason = reason.to_owned();
        let ended = self.ask(|reply| Job::Shutdown(reason, reply));
        // A script that is stuck cannot keep the server from ending.
        let _ = self
            .unless_stuck(Hook::Shutdown, async { ended.await.map(Ok) })
            .await;
    }

    /// Loads the script again and returns its generation; if that fails the old one goes on.
    ///
    /// # Errors
    /// [`ScriptError`] if the file cannot be read, is no Lua, or it or its `startup` raised an error or did not end.
    pub async fn reload(&self) -> Result<u64, ScriptError> {
        let answer = self.ask(Job::Reload).await;
        answer.unwrap_or_else(|| Err(ScriptError::unavailable()))
    }

    /// Returns how the script is.
    pub fn health(&self) -> ScriptHealth {
        ScriptHealth {
            stuck: self.shared.watch().stuck(),
            generation: self.shared.generation(),
            memory: self.shared.memory(),
        }
    }

    /// Called by each subscriber that is dropped.
    pub(crate) fn leave(&self, sub: &Sub) {
        self.shared.remove(sub);
        if self.defines(Hook::Unsubscribe) {
            self.shared.one_leaves();
            if self.leaving.send(sub.clone()).is_err() {
                self.shared.one_left();
            }
        }
    }

    fn accept(&self, request: RequestTable) -> Subscriber {
        let generation = self.shared.generation();
        let sub = Sub::new(request, Fields::default(), generation);
        self.shared.add(sub.clone());
        let subscriber = Subscriber::new(self.clone(), sub.clone());
        // A reload may have begun between the two, and would not know of it.
        if self.shared.generation() != generation {
            // Where there is no room, the next call about it tells the new generation.
            let _ = self.jobs.try_send((Instant::now(), Job::Join(sub)));
        }
        subscriber
    }

    async fn ask_publish(
        &self,
        request: RequestTable,
        message: MessageTable,
        permit: OrderPermit,
    ) -> Option<Result<PublishVerdict, HookError>> {
        let job = |reply| {
            Job::Publish(Box::new(PublishJob {
                request,
                message,
                permit,
                reply,
            }))
        };
        self.ask(job).await
    }

    /// Returns `None` if the thread has ended, or does not take the job.
    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send((Instant::now(), job(reply))).await.ok()?;
        answer.await.ok()
    }

    async fn unless_stuck<T>(
        &self,
        hook: Hook,
        answer: impl Future<Output = Option<Result<T, HookError>>>,
    ) -> Result<T, HookError> {
        tokio::select! {
            biased;
            answer = answer => answer.unwrap_or_else(|| Err(unavailable(hook))),
            () = self.shared.watch().until_stuck() => Err(unavailable(hook)),
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

fn unasked(request: RequestTable, message: MessageTable, permit: OrderPermit) -> PublishVerdict {
    PublishVerdict::Accept {
        publication: Publication::new(request, message),
        routing: Routing::default(),
        permit,
    }
}

fn unavailable(hook: Hook) -> HookError {
    let id = uuid::Uuid::new_v4().simple().to_string();
    tracing::warn!(%hook, error_id = id, "the script does not answer");
    HookError::new(hook, HookErrorKind::Unavailable, id)
}

/// Nothing is delivered to a connection while its hook `timeout` runs.
const TIMEOUT: Duration = Duration::from_secs(5);

/// More than the connections of a small server ask for at once; who comes then waits.
const JOBS: usize = 1024;
