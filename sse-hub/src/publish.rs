use std::{
    error::Error,
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use bytestring::ByteString;
use sse_core::EventId;

use crate::{
    companion::Companion,
    draft::{Draft, InvalidDraft},
    engine::Engine,
    namespace::Namespace,
    position::Position,
    provider::{Ack, AppendError, AppendErrorKind, Appended, BoxFuture},
};

/// A publication that is being put together; await it to publish.
///
/// # Errors
/// [`PublishError`] if the event or a topic breaks a rule, the hub is closed, or the provider fails.
///
/// # Cancel safety
/// Nothing is published before it is polled. In memory it is published in the first poll;
/// with another provider, dropping it later leaves the outcome open.
#[must_use = "nothing is published until it is awaited"]
pub struct Publish {
    engine: Arc<Engine>,
    namespace: Arc<Namespace>,
    draft: Result<Draft, InvalidDraft>,
    ack: Ack,
}

impl Publish {
    pub(crate) fn new(
        engine: Arc<Engine>,
        namespace: Arc<Namespace>,
        draft: Result<Draft, InvalidDraft>,
    ) -> Self {
        Self {
            engine,
            namespace,
            draft,
            ack: Ack::default(),
        }
    }

    fn with(mut self, set: impl FnOnce(Draft) -> Draft) -> Self {
        self.draft = self.draft.map(set);
        self
    }

    /// Sets the key under which this entry replaces earlier ones with the same first topic.
    pub fn key(self, key: impl Into<ByteString>) -> Self {
        self.with(|draft| draft.key(key))
    }

    /// Sets how long the event is delivered, rounded up to milliseconds.
    pub fn time_to_live(self, time: Duration) -> Self {
        self.with(|draft| draft.time_to_live(time))
    }

    /// Makes a repeated publication under the same key one entry.
    pub fn idempotency_key(self, key: impl Into<ByteString>) -> Self {
        self.with(|draft| draft.idempotency_key(key))
    }

    /// Stores bytes beside the event that are never sent; at most 16 KiB.
    pub fn attachment(self, bytes: impl Into<Bytes>) -> Self {
        self.with(|draft| draft.attachment(bytes))
    }

    /// Keeps a value beside the event for as long as this process holds it; it is neither stored nor sent.
    pub fn companion(self, companion: Companion) -> Self {
        self.with(|draft| draft.companion(companion))
    }

    /// Asks for an acknowledgement; [`Ack::Accepted`] if this is not called.
    pub fn ack(mut self, ack: Ack) -> Self {
        self.ack = ack;
        self
    }

    /// Whether this is where it is to be published.
    pub(crate) fn belongs_to(&self, namespace: &Arc<Namespace>) -> bool {
        Arc::ptr_eq(&self.namespace, namespace)
    }

    pub(crate) fn asked_ack(&self) -> Ack {
        self.ack
    }

    /// Checks the publication without publishing it.
    pub(crate) fn into_draft(self) -> Result<Draft, PublishError> {
        let draft = self.draft.map_err(PublishError::invalid)?;
        let ids = self.engine.options.ids;
        draft.check(ids).map_err(PublishError::invalid)?;
        Ok(draft)
    }
}

impl IntoFuture for Publish {
    type Output = Result<Published, PublishError>;
    type IntoFuture = Publishing;

    fn into_future(self) -> Publishing {
        let (engine, namespace, ack) = (
            Arc::clone(&self.engine),
            Arc::clone(&self.namespace),
            self.ack,
        );
        let draft = self.into_draft();
        Publishing {
            engine,
            namespace,
            stage: Stage::Ready(draft, ack),
        }
    }
}

impl fmt::Debug for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publish")
            .field("draft", &self.draft)
            .field("ack", &self.ack)
            .finish_non_exhaustive()
    }
}

/// The future of a [`Publish`].
pub struct Publishing {
    engine: Arc<Engine>,
    namespace: Arc<Namespace>,
    stage: Stage,
}

#[expect(
    clippy::large_enum_variant,
    reason = "it is moved once, and a box would be an allocation for each publication"
)]
enum Stage {
    Ready(Result<Draft, PublishError>, Ack),
    Appending(
        BoxFuture<'static, Vec<Result<Appended, AppendError>>>,
        usize,
    ),
    Done,
}

impl Future for Publishing {
    type Output = Result<Published, PublishError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self {
            engine,
            namespace,
            stage,
        } = &mut *self;
        let _span = tracing::debug_span!("publish", namespace = &*namespace.name).entered();
        if let Stage::Ready(..) = stage {
            let Stage::Ready(draft, ack) = std::mem::replace(stage, Stage::Done) else {
                return Poll::Pending;
            };
            let draft = match draft {
                Ok(_) if engine.is_closed() => return Poll::Ready(Err(PublishError::closed())),
                Ok(draft) => draft,
                Err(error) => return Poll::Ready(Err(error)),
            };
            engine.start();
            let subscribers = namespace.count_listeners(&draft.topics);
            let target = Arc::clone(namespace);
            let polled = namespace.publishing(|| {
                let mut appending = append(target, vec![draft], ack);
                match appending.as_mut().poll(cx) {
                    Poll::Pending => Poll::Ready(Err(appending)),
                    Poll::Ready(answers) => Poll::Ready(Ok(answers)),
                }
            });
            match polled {
                Poll::Ready(Ok(answers)) => {
                    return Poll::Ready(published(namespace, answers, subscribers));
                }
                Poll::Ready(Err(appending)) => *stage = Stage::Appending(appending, subscribers),
                Poll::Pending => {}
            }
            return Poll::Pending;
        }
        let Stage::Appending(appending, subscribers) = stage else {
            return Poll::Pending;
        };
        match namespace.publishing(|| appending.as_mut().poll(cx)) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(answers) => {
                let outcome = published(namespace, answers, *subscribers);
                *stage = Stage::Done;
                Poll::Ready(outcome)
            }
        }
    }
}

impl fmt::Debug for Publishing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publishing").finish_non_exhaustive()
    }
}

/// The provider's own future, which borrows the provider, together with what it borrows.
pub(crate) fn append(
    namespace: Arc<Namespace>,
    batch: Vec<Draft>,
    ack: Ack,
) -> BoxFuture<'static, Vec<Result<Appended, AppendError>>> {
    Box::pin(async move { namespace.provider.append(batch, ack).await })
}

fn published(
    namespace: &Namespace,
    answers: Vec<Result<Appended, AppendError>>,
    subscribers: usize,
) -> Result<Published, PublishError> {
    Published::of(namespace, answers.into_iter().next(), subscribers)
}

/// What became of a publication.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Published {
    /// Where the entry is.
    pub position: Position,
    /// How many subscriptions listened to one of its topics when it was published.
    pub subscribers: usize,
    /// Whether it was published before, under the same idempotency key.
    pub duplicate: bool,
}

impl Published {
    /// Reads a provider's answer; none at all says nothing of the outcome.
    pub(crate) fn of(
        namespace: &Namespace,
        answer: Option<Result<Appended, AppendError>>,
        subscribers: usize,
    ) -> Result<Self, PublishError> {
        let unknown = || Err(AppendError::new(AppendErrorKind::OutcomeUnknown));
        let appended = answer
            .unwrap_or_else(unknown)
            .map_err(PublishError::append)?;
        let epoch = namespace.read_log().head().epoch;
        Ok(Self {
            position: Position {
                epoch,
                seq: appended.seq,
                nonce: appended.nonce,
            },
            subscribers,
            duplicate: appended.duplicate,
        })
    }

    /// Returns the id that the hub gave the event.
    pub fn id(&self) -> EventId {
        self.position.to_event_id()
    }

    /// Returns the entry's sequence.
    pub fn seq(&self) -> u64 {
        self.position.seq
    }
}

/// Why something was not published.
#[derive(Debug)]
pub struct PublishError {
    kind: PublishErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of [`PublishError`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PublishErrorKind {
    /// The event or a topic breaks a rule; the source says which.
    Invalid,
    /// It is part of a batch, and was made by another hub or for another namespace.
    Foreign,
    /// The hub was shut down.
    Closed,
    /// The provider did not append it.
    Failed,
    /// The provider may have appended it. Publishing again under the same idempotency key gives one entry.
    OutcomeUnknown,
    /// The provider cannot give the acknowledgement that was asked for.
    Unsupported,
}

impl PublishError {
    fn invalid(error: InvalidDraft) -> Self {
        Self {
            kind: PublishErrorKind::Invalid,
            source: Some(Box::new(error)),
        }
    }

    pub(crate) fn foreign() -> Self {
        Self {
            kind: PublishErrorKind::Foreign,
            source: None,
        }
    }

    pub(crate) fn closed() -> Self {
        Self {
            kind: PublishErrorKind::Closed,
            source: None,
        }
    }

    fn append(error: AppendError) -> Self {
        let kind = match error.kind() {
            AppendErrorKind::Failed => PublishErrorKind::Failed,
            AppendErrorKind::OutcomeUnknown => PublishErrorKind::OutcomeUnknown,
            AppendErrorKind::Unsupported => PublishErrorKind::Unsupported,
        };
        Self {
            kind,
            source: Some(Box::new(error)),
        }
    }

    /// Returns the kind.
    pub fn kind(&self) -> PublishErrorKind {
        self.kind
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            PublishErrorKind::Invalid => "the event cannot be published",
            PublishErrorKind::Foreign => "the event is for another hub or namespace",
            PublishErrorKind::Closed => "the hub is closed",
            PublishErrorKind::Failed => "the provider did not append the event",
            PublishErrorKind::OutcomeUnknown => "the provider may have appended the event",
            PublishErrorKind::Unsupported => "the provider cannot give this acknowledgement",
        })
    }
}

impl Error for PublishError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
