use http::header::{ACCEPT, HeaderMap, HeaderValue};
use warp::reject::{Reject, Rejection};
use warp::{Filter, reject};

/// A filter that lets a request pass only if it takes an event stream, and rejects every other with [`NotAcceptable`].
///
/// A request without `Accept` takes one.
pub fn accepts_event_stream() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::header::headers_cloned()
        .and_then(async |headers: HeaderMap| {
            let values = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes);
            let taken = sse_core::accepts_event_stream(values);
            taken
                .then_some(())
                .ok_or_else(|| reject::custom(NotAcceptable))
        })
        .untuple_one()
}

/// The request does not take an event stream; answer it with status 406 in `Filter::recover`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NotAcceptable;

impl Reject for NotAcceptable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_request_that_names_other_types_is_refused() {
        for (accept, taken) in [("*/*", true), ("text/html", false)] {
            let request = warp::test::request().header("accept", accept);
            let result = request.filter(&accepts_event_stream()).await;
            assert_eq!(result.is_ok(), taken, "{accept}");
        }
    }
}
