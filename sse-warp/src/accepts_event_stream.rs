use std::future::{Ready, ready};

use http::StatusCode;
use http::header::{ACCEPT, HeaderMap, HeaderValue};
use warp::reject::{Reject, Rejection};
use warp::reply::{Reply, Response};
use warp::{Filter, reject};

/// A filter that lets a request pass only if it takes an event stream, and rejects every other with [`NotAcceptable`].
///
/// A request without `Accept` takes one. Put it behind the path, so that other routes are not asked, and recover from the rejection:
///
/// ```
/// use sse_warp::{Event, NotAcceptable};
/// use warp::Filter;
///
/// let events = warp::path("events").and(sse_warp::accepts_event_stream());
/// let events = events.map(|| sse_warp::reply(tokio_stream::once(Event::new("hello"))));
/// let app = events.recover(NotAcceptable::recover);
/// ```
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

/// The request does not take an event stream: status 406, by [`recover`](Self::recover).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NotAcceptable;

impl NotAcceptable {
    /// For `Filter::recover`, without which warp answers 500: replies with status 406 if this is why a request was rejected.
    ///
    /// # Errors
    ///
    /// The rejection, if the reason is another.
    pub fn recover(rejection: Rejection) -> Ready<Result<Self, Rejection>> {
        ready(rejection.find().copied().ok_or(rejection))
    }
}

impl Reject for NotAcceptable {}

impl Reply for NotAcceptable {
    fn into_response(self) -> Response {
        let text = "only text/event-stream is served here\n";
        warp::reply::with_status(text, StatusCode::NOT_ACCEPTABLE).into_response()
    }
}

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

    #[tokio::test]
    async fn only_our_own_rejection_becomes_a_reply() {
        let route = warp::path("events")
            .and(accepts_event_stream())
            .map(warp::reply);
        let route = route.recover(NotAcceptable::recover);
        for (path, status) in [("/events", 406), ("/other", 404)] {
            let request = warp::test::request()
                .path(path)
                .header("accept", "text/html");
            assert_eq!(request.reply(&route).await.status(), status, "{path}");
        }
    }
}
