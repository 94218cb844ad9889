use std::convert::Infallible;

use http::{HeaderMap, HeaderValue};
use sse_core::LAST_EVENT_ID;
use warp::Filter;

sse_core::last_event_id_type!();

/// A filter that extracts the [`LastEventId`] of a request, and never rejects.
pub fn last_event_id() -> impl Filter<Extract = (LastEventId,), Error = Infallible> + Copy {
    let query = warp::query::raw().or_else(async |_| Ok::<_, Infallible>((String::new(),)));
    warp::header::headers_cloned()
        .and(query)
        .map(|headers: HeaderMap, query: String| {
            let header = headers.get(LAST_EVENT_ID).map(HeaderValue::as_bytes);
            LastEventId(sse_core::last_event_id(header, Some(&query)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_header_is_taken_before_the_query() {
        let request = warp::test::request().path("/?lastEventId=7");
        let last = request.filter(&last_event_id()).await.unwrap();
        assert_eq!(last.0.unwrap().as_str(), "7");
        let request = warp::test::request()
            .path("/?lastEventId=7")
            .header("last-event-id", "☃");
        let last = request.filter(&last_event_id()).await.unwrap();
        assert_eq!(last.0.unwrap().as_str(), "☃");
        let last = warp::test::request()
            .filter(&last_event_id())
            .await
            .unwrap();
        assert_eq!(last.0, None);
    }
}
