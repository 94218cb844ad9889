use std::convert::Infallible;

use axum_core::extract::FromRequestParts;
use http::HeaderValue;
use http::request::Parts;
use sse_core::{LAST_EVENT_ID, last_event_id};

sse_core::last_event_id_type!();

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let header = parts.headers.get(LAST_EVENT_ID).map(HeaderValue::as_bytes);
        Ok(Self(last_event_id(header, parts.uri.query())))
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[tokio::test]
    async fn the_header_is_taken_before_the_query() {
        let request = Request::get("/?lastEventId=7")
            .header("Last-Event-ID", "☃")
            .body(());
        let (mut parts, ()) = request.unwrap().into_parts();
        let Ok(last) = LastEventId::from_request_parts(&mut parts, &()).await;
        assert_eq!(last.0.unwrap().as_str(), "☃");
        parts.headers.clear();
        let Ok(last) = LastEventId::from_request_parts(&mut parts, &()).await;
        assert_eq!(last.0.unwrap().as_str(), "7");
    }
}
