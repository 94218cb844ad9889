//! The hooks of requests and connections, called in the current generation.

use std::rc::Rc;

use mlua::{Error, MultiValue, Result as LuaResult, Table, Value as LuaValue};
use tokio::task;
use uuid::Uuid;

use crate::script::{
    allowance::Allowance,
    answers::Returned,
    engine::Engine,
    error::{HookError, HookErrorKind},
    handle::Script,
    hook::Hook,
    job::MessageAnswers,
    message_table::MessageTable,
    publication::Publication,
    reload::OrderPermit,
    request_table::RequestTable,
    returned, snapshot,
    state::{Failure, State},
    subscriber::{Sub, Subscriber},
    value::Fields,
    verdict::{PublishVerdict, SubscribeVerdict},
};

impl Engine {
    pub(super) async fn publish(
        self: &Rc<Self>,
        request: RequestTable,
        message: MessageTable,
        permit: OrderPermit,
    ) -> Result<PublishVerdict, HookError> {
        let state = self.state();
        let publication = Publication::new(request, message);
        let verdict = async {
            let (lua, keys) = (state.lua(), state.keys());
            let argument = keys.publication(lua, &publication);
            let argument = argument.map_err(|error| Failure::raised(&error))?;
            let read = |values, allowance: &Allowance| {
                Ok(match Returned::read(lua, values, allowance)? {
                    Returned::Rejected => PublishVerdict::Reject,
                    Returned::Answered(answer) => PublishVerdict::Answer(answer),
                    Returned::Accepted(table, beside) => {
                        let before = publication.message();
                        let changed = returned::message_of(lua, &table, before, allowance)?;
                        if !table.raw_get::<LuaValue>(&keys.req)?.is_table() {
                            return Err(Error::runtime("the table has no req"));
                        }
                        let fields = snapshot::fields(&table, &["req", "msg"], allowance)?;
                        let publication = publication.with(changed, fields);
                        if state.defines(Hook::Message) && !publication.can_be_stored() {
                            return Err(Error::runtime("pub is too large to be stored"));
                        }
                        PublishVerdict::Accept {
                            routing: beside.routing(lua, allowance)?,
                            publication,
                            permit,
                        }
                    }
                })
            };
            state.ask(Hook::Publish, argument, read).await
        };
        let verdict = verdict.await;
        verdict.map_err(|failure| self.failed(&state, Hook::Publish, failure))
    }

    pub(super) async fn subscribe(
        self: &Rc<Self>,
        request: RequestTable,
        script: Script,
    ) -> Result<SubscribeVerdict, HookError> {
        let state = self.state();
        let generation = state.generation();
        let asked = Sub::new(request, Fields::default(), generation);
        let accept = |fields| {
            let sub = Sub::new(asked.request().clone(), fields, generation);
            self.shared.add(sub.clone());
            Subscriber::new(script.clone(), sub)
        };
        let verdict = async {
            let lua = state.lua();
            let argument = state.keys().sub(lua, &asked);
            let argument = argument.map_err(|error| Failure::raised(&error))?;
            let read = |values, allowance: &Allowance| {
                Ok(match Returned::read(lua, values, allowance)? {
                    Returned::Accepted(table, beside) => {
                        let fields = snapshot::fields(&table, &["req"], allowance);
                        // It was accepted: what cannot be kept of it is unsubscribed at once.
                        let (fields, unfit) = match fields {
                            Ok(fields) => (fields, None),
                            Err(error) => (Fields::default(), Some(error)),
                        };
                        let subscriber = accept(fields);
                        if let Some(error) = unfit {
                            return Err(error);
                        }
                        SubscribeVerdict::Accept {
                            subscriber,
                            topics: beside.selectors(lua, allowance)?,
                        }
                    }
                    Returned::Rejected => SubscribeVerdict::Reject,
                    Returned::Answered(answer) => SubscribeVerdict::Answer(answer),
                })
            };
            state.ask(Hook::Subscribe, argument, read).await
        };
        let verdict = verdict.await;
        let verdict = verdict.map_err(|failure| self.failed(&state, Hook::Subscribe, failure))?;
        if let SubscribeVerdict::Accept { subscriber, .. } = &verdict {
            // The generation may have changed while the hook waited.
            self.join(subscriber.sub()).await;
        }
        Ok(verdict)
    }

    pub(super) async fn catchup(
        self: &Rc<Self>,
        sub: &Sub,
        last_event_id: Option<String>,
    ) -> Vec<MessageTable> {
        let state = self.joined(sub).await;
        let messages = async {
            let argument = sub_argument(&state, sub)?;
            let read =
                |values, allowance: &Allowance| returned::list(state.lua(), values, allowance);
            let asked = state.ask(Hook::Catchup, (argument, last_event_id), read);
            asked.await
        };
        match messages.await {
            Ok(messages) => messages,
            Err(failure) => {
                self.failed(&state, Hook::Catchup, failure);
                Vec::new()
            }
        }
    }

    /// Stops after the first answer that says that the subscriber is to be closed.
    pub(super) async fn message(
        self: &Rc<Self>,
        batch: &[Publication],
        sub: &Sub,
    ) -> MessageAnswers {
        let mut answers = Vec::with_capacity(batch.len());
        for publication in batch {
            let state = self.joined(sub).await;
            let answer = match message_in(&state, publication, sub).await {
                Ok(message) => Ok(message),
                Err(failure) => Err(self.failed(&state, Hook::Message, failure)),
            };
            let ends = answer.as_ref().is_err_and(HookError::is_unavailable);
            answers.push(answer);
            if ends {
                break;
            }
        }
        answers
    }

    pub(super) async fn timeout(self: &Rc<Self>, sub: &Sub, elapsed_ms: u64) -> Option<u64> {
        let state = self.joined(sub).await;
        let retry = async {
            let argument = sub_argument(&state, sub)?;
            let read = |values: MultiValue, _: &Allowance| {
                let first = values.into_iter().next().unwrap_or(LuaValue::Nil);
                returned::milliseconds(state.lua(), &first)
            };
            state.ask(Hook::Timeout, (argument, elapsed_ms), read).await
        };
        match retry.await {
            Ok(retry) => retry,
            Err(failure) => {
                self.failed(&state, Hook::Timeout, failure);
                None
            }
        }
    }

    pub(super) async fn leave(self: &Rc<Self>, sub: &Sub) {
        let state = self.joined(sub).await;
        if sub.is_missed_by(state.generation()) {
            return;
        }
        let left = async {
            let argument = sub_argument(&state, sub)?;
            state.call(Hook::Unsubscribe, argument).await
        };
        if let Err(failure) = left.await {
            self.failed(&state, Hook::Unsubscribe, failure);
        }
    }

    pub(super) async fn call_shutdown(self: &Rc<Self>, state: &Rc<State>, reason: &str) {
        if let Err(failure) = state.call(Hook::Shutdown, reason).await {
            self.failed(state, Hook::Shutdown, failure);
        }
    }

    /// Logs a failure under an id, tells the hook `error`, and has the state rebuilt if it is out of memory.
    pub(super) fn failed(
        self: &Rc<Self>,
        state: &Rc<State>,
        hook: Hook,
        failure: Failure,
    ) -> HookError {
        let id = Uuid::new_v4().simple().to_string();
        tracing::error!(%hook, error_id = id, error = failure.text, "a hook failed");
        let kind = match failure.kind {
            HookErrorKind::Raised => "raised",
            HookErrorKind::Returned => "returned",
            HookErrorKind::Time => "time",
            HookErrorKind::Memory => "memory",
            HookErrorKind::Unavailable => "unavailable",
        };
        metrics::counter!("sse_server_script_errors_total", "hook" => hook.as_str(), "kind" => kind)
            .increment(1);
        if failure.kind == HookErrorKind::Memory {
            self.spawn_rebuild(state);
        }
        if hook != Hook::Error {
            self.report(state, hook, failure.text, id.clone());
        }
        HookError::new(hook, failure.kind, id)
    }

    /// Tells the hook `error`, unless it is too far behind.
    fn report(self: &Rc<Self>, state: &Rc<State>, hook: Hook, text: String, id: String) {
        let running = self.reporting.get();
        if !state.defines(Hook::Error) || running == MOST_REPORTS {
            return;
        }
        self.reporting.set(running + 1);
        let (engine, state) = (Rc::clone(self), Rc::clone(state));
        task::spawn_local(async move {
            if let Err(failure) = state.call(Hook::Error, (hook.as_str(), text, id)).await {
                engine.failed(&state, Hook::Error, failure);
            }
            engine.reporting.set(engine.reporting.get() - 1);
        });
    }
}

async fn message_in(
    state: &State,
    publication: &Publication,
    sub: &Sub,
) -> Result<Option<MessageTable>, Failure> {
    let arguments = || -> LuaResult<(Table, Table)> {
        let (lua, keys) = (state.lua(), state.keys());
        Ok((keys.publication(lua, publication)?, keys.sub(lua, sub)?))
    };
    let arguments = arguments().map_err(|error| Failure::raised(&error))?;
    let read = |values, allowance: &Allowance| {
        returned::changed(state.lua(), values, publication.message(), allowance)
    };
    state.ask(Hook::Message, arguments, read).await
}

fn sub_argument(state: &State, sub: &Sub) -> Result<Table, Failure> {
    let argument = state.keys().sub(state.lua(), sub);
    argument.map_err(|error| Failure::raised(&error))
}

/// A hook `error` that waits, as for another server, is not called more often than this at the same time.
const MOST_REPORTS: usize = 256;
