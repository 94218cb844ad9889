use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderValue;
use actix_web::{FromRequest, HttpRequest};
use sse_core::{LAST_EVENT_ID, last_event_id};

sse_core::last_event_id_type!();

impl FromRequest for LastEventId {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(LAST_EVENT_ID);
        let header = header.map(HeaderValue::as_bytes);
        ready(Ok(Self(last_event_id(
            header,
            Some(request.query_string()),
        ))))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[track_caller]
    fn check(request: TestRequest, expected: &str) {
        let Ok(last) = LastEventId::extract(&request.to_http_request()).into_inner();
        assert_eq!(last.0.unwrap().as_str(), expected);
    }

    #[test]
    fn the_header_is_taken_before_the_query() {
        let request = || TestRequest::with_uri("/?lastEventId=7");
        check(request().insert_header(("last-event-id", "☃")), "☃");
        check(request(), "7");
    }
}
