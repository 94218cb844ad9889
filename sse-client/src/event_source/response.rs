use http::{
    StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
    response::Parts,
};
use sse_core::is_event_stream;

use super::{body::Body, settings::Settings};
use crate::{
    error::{Error, ErrorKind},
    transport::ResponseBody,
};

/// What a response means.
pub(super) enum Answer {
    Events(Parts, Body),
    /// Status 204: the server wants no more connections.
    NoContent,
    Refused(Error, ResponseBody),
}

/// Judges a response: 200 with an event stream, unless told otherwise ([HTML 9.2.3]).
///
/// [HTML 9.2.3]: https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
pub(super) fn judge(parts: Parts, body: ResponseBody, settings: &Settings) -> Answer {
    if parts.status == StatusCode::NO_CONTENT {
        return Answer::NoContent;
    }
    // The message of a refusal is compressed as events are.
    let (body, encoded) = match decoded(&parts, Body::new(body), settings) {
        Ok(body) => (body, Ok(())),
        Err(body) => (body, Err(ErrorKind::ContentEncoding)),
    };
    let refusal = match &settings.check {
        Some(check) => check(&parts)
            .err()
            .map(|cause| Error::because(ErrorKind::Check, cause)),
        None => default_check(&parts).err().map(Error::new),
    };
    match refusal.or_else(|| encoded.err().map(Error::new)) {
        None => Answer::Events(parts, body),
        Some(error) => {
            let body = ResponseBody::from_stream(body);
            Answer::Refused(error.with_response(parts), body)
        }
    }
}

fn default_check(parts: &Parts) -> Result<(), ErrorKind> {
    if parts.status != StatusCode::OK {
        return Err(ErrorKind::Status);
    }
    match parts.headers.get(CONTENT_TYPE) {
        Some(value) if is_event_stream(value.as_bytes()) => Ok(()),
        _ => Err(ErrorKind::MediaType),
    }
}

/// Undoes a compression that was asked for; gives the body back if that cannot be done.
fn decoded(parts: &Parts, body: Body, settings: &Settings) -> Result<Body, Body> {
    let Some(encoding) = parts.headers.get(CONTENT_ENCODING) else {
        return Ok(body);
    };
    let encoding = encoding.as_bytes().trim_ascii();
    if encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity") {
        return Ok(body);
    }
    if settings.compression {
        body.decompressed(encoding)
    } else {
        Err(body)
    }
}
