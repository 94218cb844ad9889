use std::fmt;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, HeaderValue};
use actix_web::{FromRequest, HttpRequest, ResponseError};
use sse_core::accepts_event_stream;

/// Extracted only if the request takes an event stream; every other gets status 406.
///
/// A request without `Accept` takes one.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AcceptsEventStream;

impl FromRequest for AcceptsEventStream {
    type Error = NotAcceptable;
    type Future = Ready<Result<Self, NotAcceptable>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let values = request.headers().get_all(ACCEPT).map(HeaderValue::as_bytes);
        let taken = accepts_event_stream(values);
        ready(taken.then_some(Self).ok_or(NotAcceptable))
    }
}

/// The request does not take an event stream: status 406.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NotAcceptable;

impl fmt::Display for NotAcceptable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("only text/event-stream is served here")
    }
}

impl ResponseError for NotAcceptable {
    fn status_code(&self) -> StatusCode {
        StatusCode::NOT_ACCEPTABLE
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_a_request_that_names_other_types_is_refused() {
        for (accept, taken) in [("*/*", true), ("text/html", false)] {
            let request = TestRequest::default().insert_header(("accept", accept));
            let extracted = AcceptsEventStream::extract(&request.to_http_request()).into_inner();
            assert_eq!(extracted.is_ok(), taken, "{accept}");
        }
        assert_eq!(NotAcceptable.error_response().status(), 406);
    }
}
