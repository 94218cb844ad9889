use bytes::Bytes;

use crate::script::{publication::Publication, reload::OrderPermit, subscriber::Subscriber};

/// What the hook `publish` decided.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "each verdict has an answer of its own"
)]
pub enum PublishVerdict {
    /// It is published.
    Accept {
        /// What is published: the message, the keys the hook added, and the request.
        publication: Publication,
        /// Where it goes.
        routing: Routing,
        /// Kept until it is in the log: a reload waits for it, so that entries of two generations are not mixed.
        permit: OrderPermit,
    },
    /// It is refused with 403.
    Reject,
    /// The script answers.
    Answer(Answer),
}

/// What the hook `subscribe` decided.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "each verdict has an answer of its own"
)]
pub enum SubscribeVerdict {
    /// It is accepted. Dropping the subscriber calls `unsubscribe`, once.
    Accept {
        /// What the script knows of the connection.
        subscriber: Subscriber,
        /// What it is subscribed to; `None` if the script does not say.
        topics: Option<Vec<String>>,
    },
    /// It is refused with 403.
    Reject,
    /// The script answers.
    Answer(Answer),
}

/// What a script returns beside a publication: `return pub, {topics = {"a"}, ttl = 1000, key = "k"}`.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Routing {
    /// The topics; `None` if the script does not say.
    pub topics: Option<Vec<String>>,
    /// How long it is delivered, in milliseconds.
    pub ttl_ms: Option<u64>,
    /// The key under which it replaces earlier ones.
    pub key: Option<String>,
}

/// A response that a script makes: `return nil, {status = 401, headers = {...}, body = "..."}`.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Answer {
    /// The status, 200 to 599.
    pub status: u16,
    /// The headers, checked: each can stand in a response.
    pub headers: Vec<(http::HeaderName, http::HeaderValue)>,
    /// The body.
    pub body: Bytes,
}
