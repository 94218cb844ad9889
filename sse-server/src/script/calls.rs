//! The hooks of requests and connections, called in the current generation.

use std::rc::Rc;

use mlua::{Error, MultiValue, Result as LuaResult, Table, Value as LuaValue};
use tokio::task;
use uuid::Uuid;

use crate::script::{
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
            let values = state.call(Hook::Publish, argument).await?;
            let read = || {
                Ok(match Returned::read(lua, values)? {
                    Returned::Rejected => PublishVerdict::Reject,
                    Returned::Answered(answer) => PublishVerdict::Answer(answer),
                    Returned::Accepted(table, beside) => {
                        let changed = message_of(&state, &table, publication.message())?;
                        if !table.raw_get::<LuaValue>(&state.keys().req)?.is_table() {
                            return Err(Error::runtime("the table has no req"));
                        }
                        let fields = snapshot::fields(&table, &["req", "msg"])?;
                        PublishVerdict::Accept {
                            routing: beside.routing(lua)?,
                            publication: publication.with(changed, fields),
                            permit,
                        }
                    }
                })
            };
            read().map_err(returned_failure)
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
        let verdict = async {
            let lua = state.lua();
            let argument = state.keys().sub(lua, &asked);
            let argument = argument.map_err(|error| Failure::raised(&error))?;
            let values = state.call(Hook::Subscribe, argument).await?;
            let read = || match Returned::read(lua, values)? {
                Returned::Accepted(table, beside) => {
                    let fields = snapshot::fields(&table, &["req"])?;
                    Ok(Ok((fields, beside.selectors(lua)?)))
                }
                Returned::Rejected => Ok(Err(SubscribeVerdict::Reject)),
                Returned::Answered(answer) => Ok(Err(SubscribeVerdict::Answer(answer))),
            };
            read().map_err(returned_failure)
        };
        let (fields, topics) = match verdict.await {
            Ok(Ok(accepted)) => accepted,
            Ok(Err(verdict)) => return Ok(verdict),
            Err(failure) => return Err(self.failed(&state, Hook::Subscribe, failure)),
        };
        let sub = Sub::new(asked.request().clone(), fields, generation);
        self.shared.add(sub.clone());
        let subscriber = Subscriber::new(script, sub.clone());
        // The generation may have changed while the hook waited.
        self.join(&sub).await;
        Ok(SubscribeVerdict::Accept { subscriber, topics })
    }

    pub(super) async fn catchup(
        self: &Rc<Self>,
        sub: &Sub,
        last_event_id: Option<String>,
    ) -> Vec<MessageTable> {
        let state = self.joined(sub).await;
        let messages = async {
            let argument = sub_argument(&state, sub)?;
            let values = state.call(Hook::Catchup, (argument, last_event_id)).await?;
            let read = || {
                let list = match values.into_iter().next() {
                    Some(LuaValue::Table(list)) => list,
                    None | Some(LuaValue::Nil | LuaValue::Boolean(false)) => return Ok(Vec::new()),
                    Some(other) => {
                        let message = format!("a list was expected, not a {}", other.type_name());
                        return Err(Error::runtime(message));
                    }
                };
                if list.raw_len() == 0 && !list.is_empty() {
                    return Err(Error::runtime("a list was expected, not a map"));
                }
                let mut messages = Vec::new();
                for item in list.sequence_values::<LuaValue>() {
                    let LuaValue::Table(item) = item? else {
                        return Err(Error::runtime("an element of the list is no table"));
                    };
                    let message = returned::message(state.lua(), &item, &MessageTable::default())?;
                    if !message.is_empty() {
                        messages.push(message);
                    }
                }
                Ok(messages)
            };
            read().map_err(returned_failure)
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
            let values = state.call(Hook::Timeout, (argument, elapsed_ms)).await?;
            let first = values.into_iter().next().unwrap_or(LuaValue::Nil);
            returned::milliseconds(state.lua(), &first).map_err(returned_failure)
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
    let values = state.call(Hook::Message, arguments).await?;
    read_message(state, values, publication.message()).map_err(returned_failure)
}

fn read_message(
    state: &State,
    values: MultiValue,
    before: &MessageTable,
) -> LuaResult<Option<MessageTable>> {
    let table = match values.into_iter().next() {
        None | Some(LuaValue::Nil | LuaValue::Boolean(false)) => return Ok(None),
        Some(LuaValue::Table(table)) => table,
        Some(other) => {
            let message = format!("a table or nil was expected, not a {}", other.type_name());
            return Err(Error::runtime(message));
        }
    };
    let message = message_of(state, &table, before)?;
    Ok((!message.is_empty()).then_some(message))
}

fn message_of(state: &State, table: &Table, before: &MessageTable) -> LuaResult<MessageTable> {
    match table.raw_get::<LuaValue>(&state.keys().msg)? {
        LuaValue::Table(message) => returned::message(state.lua(), &message, before),
        _ => Err(Error::runtime("the table has no msg")),
    }
}

fn sub_argument(state: &State, sub: &Sub) -> Result<Table, Failure> {
    let argument = state.keys().sub(state.lua(), sub);
    argument.map_err(|error| Failure::raised(&error))
}

fn returned_failure(error: Error) -> Failure {
    Failure::returned(error)
}

/// A hook `error` that waits, as for another server, is not called more often than this at the same time.
const MOST_REPORTS: usize = 256;
