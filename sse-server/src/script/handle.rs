use std::sync::Arc;

use crate::script::{
    cli_table::CliTable,
    config::ScriptConfig,
    error::{HookError, HookErrorKind, ScriptError},
    health::ScriptHealth,
    hook::Hook,
    host::Host,
    message_table::MessageTable,
    publication::Publication,
    request_table::RequestTable,
    subscriber::{Sub, Subscriber},
    verdict::{PublishVerdict, SubscribeVerdict},
};

/// A script that runs on a thread of its own. A clone is the same script.
#[derive(Clone, Debug)]
pub struct Script {}

impl Script {
    /// Loads the script and captures its hooks; [`startup`](Self::startup) is called apart.
    ///
    /// # Errors
    /// [`ScriptError`] if the file cannot be read, is no Lua, or raised an error.
    pub async fn start(config: ScriptConfig, host: Arc<dyn Host>) -> Result<Self, ScriptError> {
        let _ = (config, host);
        Err(ScriptError::unavailable())
    }

    /// Tells whether the script defines a hook.
    pub fn defines(&self, hook: Hook) -> bool {
        let _ = hook;
        false
    }

    /// Calls `startup`, and from then on `tick`.
    pub async fn startup(&self, cli: CliTable) -> Result<(), ScriptError> {
        let _ = cli;
        Err(ScriptError::unavailable())
    }

    /// Calls `publish`; without that hook it is accepted as it is.
    pub async fn publish(
        &self,
        request: RequestTable,
        message: MessageTable,
    ) -> Result<PublishVerdict, HookError> {
        let _ = (request, message);
        Err(unavailable(Hook::Publish))
    }

    /// Calls `subscribe`; without that hook it is accepted.
    pub async fn subscribe(&self, request: RequestTable) -> Result<SubscribeVerdict, HookError> {
        let _ = request;
        Err(unavailable(Hook::Subscribe))
    }

    /// Calls `catchup`; empty if there is no such hook, or it failed.
    pub async fn catchup(
        &self,
        subscriber: &Subscriber,
        last_event_id: Option<String>,
    ) -> Vec<MessageTable> {
        let _ = (subscriber, last_event_id);
        Vec::new()
    }

    /// Calls `message` for each publication, in order, and returns as many answers: `None` is not sent.
    ///
    /// After an error that [`is_unavailable`](HookError::is_unavailable) the subscriber is to be closed;
    /// what follows it in the batch is not tried.
    pub async fn message(
        &self,
        batch: Vec<Publication>,
        subscriber: &Subscriber,
    ) -> Vec<Result<Option<MessageTable>, HookError>> {
        let _ = subscriber;
        batch
            .iter()
            .map(|_| Err(unavailable(Hook::Message)))
            .collect()
    }

    /// Calls `timeout`, and returns the reconnection time in milliseconds if it gave one.
    pub async fn timeout(&self, subscriber: &Subscriber, elapsed_ms: u64) -> Option<u64> {
        let _ = (subscriber, elapsed_ms);
        None
    }

    /// Waits until every `unsubscribe` has run, then calls `shutdown`; at most five seconds.
    pub async fn shutdown(&self, reason: &str) {
        let _ = reason;
    }

    /// Loads the script again and returns its generation; if that fails the old one goes on.
    pub async fn reload(&self) -> Result<u64, ScriptError> {
        Err(ScriptError::unavailable())
    }

    /// Returns how the script is.
    pub fn health(&self) -> ScriptHealth {
        ScriptHealth {
            stuck: None,
            generation: 1,
            memory: 0,
        }
    }

    pub(crate) fn unsubscribe(&self, sub: Sub) {
        let _ = sub;
    }
}

fn unavailable(hook: Hook) -> HookError {
    HookError::new(hook, HookErrorKind::Unavailable, String::new())
}
