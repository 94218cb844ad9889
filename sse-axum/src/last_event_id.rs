use std::convert::Infallible;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
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

/// `None` if the client starts afresh.
impl<S: Sync> OptionalFromRequestParts<S> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Infallible> {
        let last = <Self as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        Ok(last.0.is_some().then_some(last))
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
        let Ok(last) = extract::<LastEventId>(&mut parts).await;
        assert_eq!(last.0.unwrap().as_str(), "☃");
        parts.headers.clear();
        let Ok(last) = extract::<LastEventId>(&mut parts).await;
        assert_eq!(last.0.unwrap().as_str(), "7");
    }

    #[tokio::test]
    async fn a_client_that_starts_afresh_has_none() {
        let (mut parts, ()) = Request::get("/?lastEventID=7")
            .body(())
            .unwrap()
            .into_parts();
        let Ok(last) = extract::<Option<LastEventId>>(&mut parts).await;
        assert_eq!(last.unwrap().0.unwrap().as_str(), "7");
        let (mut parts, ()) = Request::get("/?lastEventId=")
            .body(())
            .unwrap()
            .into_parts();
        let Ok(last) = extract::<Option<LastEventId>>(&mut parts).await;
        assert_eq!(last, None);
    }

    /// Extracts as a handler's argument is.
    async fn extract<T: FromRequestParts<()>>(parts: &mut Parts) -> Result<T, T::Rejection> {
        T::from_request_parts(parts, &()).await
    }
}
