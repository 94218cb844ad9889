//! Answers that are not event streams.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use crate::script::{Answer, HookError};

/// A response of ours.
pub(crate) type Reply = Response<Body>;

/// One that stands in place of what was asked for.
#[derive(Debug)]
pub(crate) struct Refusal(Box<Reply>);

impl From<Reply> for Refusal {
    fn from(reply: Reply) -> Self {
        Self(Box::new(reply))
    }
}

impl Refusal {
    /// Returns the response.
    pub(crate) fn into_reply(self) -> Reply {
        *self.0
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> u16 {
        self.0.status().as_u16()
    }
}

#[derive(Serialize)]
struct Problem<'a> {
    error: &'a str,
}

/// `{"error": "…"}` with a status.
pub(crate) fn problem(status: StatusCode, error: &str) -> Reply {
    json(status, &Problem { error })
}

/// A value as JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    let text = serde_json::to_vec(value).unwrap_or_default();
    with_type(status, "application/json", text)
}

/// A text.
pub(crate) fn plain(status: StatusCode, text: &str) -> Reply {
    with_type(status, "text/plain; charset=utf-8", text.to_owned())
}

/// A status, and nothing else.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = status;
    reply
}

/// 503, with the time after which a client may try again.
pub(crate) fn unavailable(error: &str) -> Reply {
    let mut reply = problem(StatusCode::SERVICE_UNAVAILABLE, error);
    reply
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    reply
}

/// What a hook that failed is to a client: an id by which the log can be searched, and no more.
pub(crate) fn hook_failed(error: &HookError) -> Reply {
    if error.is_unavailable() {
        unavailable(&error.to_string())
    } else {
        problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())
    }
}

/// What a script answers.
pub(crate) fn scripted(answer: Answer) -> Reply {
    let mut reply = Response::new(Body::from(answer.body));
    *reply.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if !OF_THE_CONNECTION.contains(&name) {
            reply.headers_mut().append(name, value);
        }
    }
    reply
}

/// Headers that belong to the server's side of the connection.
const OF_THE_CONNECTION: [HeaderName; 4] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

fn with_type(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Body::from(body.into()));
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    reply
}
