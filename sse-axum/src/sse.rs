use axum_core::BoxError;
use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use futures_core::Stream;
use http::{HeaderName, HeaderValue};
pub use sse_core::BoxStream;
use sse_core::{EventStream, RESPONSE_HEADERS, StreamItem};

/// A stream of events as a response.
#[derive(Debug)]
#[must_use = "a response does nothing until a handler returns it"]
pub struct Sse<S>
where
    S: Stream,
    S::Item: StreamItem,
{
    body: EventStream<S>,
}

sse_core::forward_configuration!(Sse);

impl<S: Stream<Item: StreamItem>> Sse<S> {
    /// Forgets the stream's type, so that two branches of a handler can return different streams.
    pub fn boxed(self) -> Sse<BoxStream<S::Item>>
    where
        S: Send + 'static,
    {
        Sse::from(self.body.boxed())
    }
}

impl<S, E> IntoResponse for Sse<S>
where
    S: Stream<Item: StreamItem<Error = E>> + Send + 'static,
    E: Into<BoxError> + Send + 'static,
{
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::new(self.body));
        response
            .headers_mut()
            .extend(RESPONSE_HEADERS.map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            }));
        response
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::Router;
    use axum::routing::get;
    use http::{Method, Request, StatusCode};
    use http_body_util::BodyExt;
    use sse_core::Event;
    use tower::ServiceExt;

    use super::*;

    async fn answer(method: Method, handler: axum::routing::MethodRouter) -> Response {
        let request = Request::builder()
            .method(method)
            .uri("/")
            .body(Body::empty());
        let app = Router::new().route("/", handler);
        app.oneshot(request.unwrap()).await.unwrap()
    }

    fn never_polled() -> impl Stream<Item = Event> {
        tokio_stream::iter(std::iter::repeat_with(|| panic!("polled")))
    }

    #[tokio::test]
    async fn a_response_has_the_three_headers_and_the_events() {
        let handler = || async { Sse::new(tokio_stream::iter([Event::new("a"), Event::new("b")])) };
        let response = answer(Method::GET, get(handler)).await;
        let headers = response.headers().iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(headers, RESPONSE_HEADERS);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "data: a\n\ndata: b\n\n");
    }

    #[tokio::test]
    async fn head_gets_the_headers_and_no_poll() {
        let response = answer(Method::HEAD, get(|| async { Sse::new(never_polled()) })).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers().len(), 3);
        assert!(
            response
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .is_empty()
        );
    }

    #[tokio::test]
    async fn an_error_before_the_first_event_is_a_status() {
        async fn handler() -> Result<impl IntoResponse, StatusCode> {
            let stream = tokio_stream::iter([Err::<Event, _>("no upstream")]);
            let sse = Sse::new(stream).await_first(Duration::from_secs(5)).await;
            sse.map_err(|_| StatusCode::BAD_GATEWAY)
        }
        assert_eq!(
            answer(Method::GET, get(handler)).await.status(),
            StatusCode::BAD_GATEWAY
        );
    }

    #[tokio::test]
    async fn an_error_in_the_stream_aborts_the_body() {
        let stream = tokio_stream::iter([Ok(Event::new("a")), Err("broken")]);
        let mut body = Sse::new(stream).into_response().into_body();
        assert_eq!(
            body.frame().await.unwrap().unwrap().into_data().unwrap(),
            "data: a\n\n"
        );
        assert_eq!(
            body.frame().await.unwrap().unwrap_err().to_string(),
            "broken"
        );
        assert!(body.frame().await.is_none());
    }
}
