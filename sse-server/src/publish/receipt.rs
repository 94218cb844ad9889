use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use sse_hub::Published;

use crate::answer::{Reply, json};

/// What a publisher is told: exactly these two keys, in this order.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Receipt {
    /// Entries that some connection has yet to take.
    pub(crate) queued: usize,
    /// Connections that listened.
    pub(crate) subscribers: usize,
}

/// The header that holds the id of an entry.
pub(crate) const EVENT_ID: HeaderName = HeaderName::from_static("sse-event-id");
/// The header that holds its number.
pub(crate) const SEQUENCE: HeaderName = HeaderName::from_static("sse-sequence");

impl Receipt {
    /// Turns it into the answer; id and number go into headers.
    pub(crate) fn answer(self, published: &Published) -> Reply {
        let mut reply = json(StatusCode::ACCEPTED, &self);
        let headers = reply.headers_mut();
        if let Ok(id) = HeaderValue::try_from(published.id().as_str()) {
            headers.insert(EVENT_ID, id);
        }
        headers.insert(SEQUENCE, published.seq().into());
        reply
    }
}
