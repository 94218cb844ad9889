use tokio::sync::oneshot;

use crate::script::{
    cli_table::CliTable,
    error::{HookError, ScriptError},
    handle::Script,
    message_table::MessageTable,
    publication::Publication,
    reload::OrderPermit,
    request_table::RequestTable,
    subscriber::Sub,
    verdict::{PublishVerdict, SubscribeVerdict},
};

/// What the script's thread is asked for.
pub(crate) enum Job {
    Startup(CliTable, oneshot::Sender<Result<(), ScriptError>>),
    Publish(Box<PublishJob>),
    Subscribe(Box<SubscribeJob>),
    Catchup(Sub, Option<String>, oneshot::Sender<Vec<MessageTable>>),
    Message(Vec<Publication>, Sub, oneshot::Sender<MessageAnswers>),
    Timeout(Sub, u64, oneshot::Sender<Option<u64>>),
    Join(Sub),
    Shutdown(String, oneshot::Sender<()>),
    Reload(oneshot::Sender<Result<u64, ScriptError>>),
}

impl Job {
    /// Whether it is a request that can as well come again later.
    pub(crate) fn may_be_refused(&self) -> bool {
        matches!(
            self,
            Self::Publish(_) | Self::Subscribe(_) | Self::Catchup(..)
        )
    }
}

pub(crate) struct PublishJob {
    pub(crate) request: RequestTable,
    pub(crate) message: MessageTable,
    pub(crate) permit: OrderPermit,
    pub(crate) reply: oneshot::Sender<Result<PublishVerdict, HookError>>,
}

pub(crate) struct SubscribeJob {
    pub(crate) request: RequestTable,
    pub(crate) script: Script,
    pub(crate) reply: oneshot::Sender<Result<SubscribeVerdict, HookError>>,
}

pub(crate) type MessageAnswers = Vec<Result<Option<MessageTable>, HookError>>;
