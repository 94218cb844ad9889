use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{ACCEPT, HeaderValue};
use http::request::Parts;
use sse_core::accepts_event_stream;

/// Extracted only if the request takes an event stream; every other gets status 406.
///
/// A request without `Accept` takes one.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AcceptsEventStream;

impl<S: Sync> FromRequestParts<S> for AcceptsEventStream {
    type Rejection = NotAcceptable;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NotAcceptable> {
        let values = parts.headers.get_all(ACCEPT).iter();
        let taken = accepts_event_stream(values.map(HeaderValue::as_bytes));
        taken.then_some(Self).ok_or(NotAcceptable)
    }
}

/// The request does not take an event stream: status 406.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NotAcceptable;

impl IntoResponse for NotAcceptable {
    fn into_response(self) -> Response {
        (
            StatusCode::NOT_ACCEPTABLE,
            "only text/event-stream is served here\n",
        )
            .into_response()
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[tokio::test]
    async fn only_a_request_that_names_other_types_is_refused() {
        for (accept, taken) in [("*/*", true), ("text/html", false)] {
            let request = Request::get("/").header(ACCEPT, accept).body(());
            let (mut parts, ()) = request.unwrap().into_parts();
            let extracted = AcceptsEventStream::from_request_parts(&mut parts, &()).await;
            assert_eq!(extracted.is_ok(), taken, "{accept}");
        }
        assert_eq!(NotAcceptable.into_response().status(), 406);
    }
}
