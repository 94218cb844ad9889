use futures_core::Stream;
use http::{HeaderName, HeaderValue, Method, Response};
use sse_core::{BoxStream, EventStream, LocalBoxStream, RESPONSE_HEADERS, StreamItem};

/// Makes a response of a stream of events, with the defaults of [`Sse`].
pub fn response<S: Stream<Item: StreamItem>>(stream: S) -> Response<EventStream<S>> {
    Sse::new(stream).into_response()
}

/// A stream of events as a response.
#[derive(Debug)]
#[must_use = "turn it into a response with `into_response`"]
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

    /// Forgets the type of a stream that is not `Send`.
    pub fn boxed_local(self) -> Sse<LocalBoxStream<S::Item>>
    where
        S: 'static,
    {
        Sse::from(self.body.boxed_local())
    }

    /// Answers a request of this method: for `HEAD` the stream is dropped without a poll.
    ///
    /// On HTTP/1.1 hyper does so itself; on HTTP/2 it would poll the body, a lazy one too, and send it.
    /// Call this before [`await_first`](Self::await_first), which polls.
    pub fn for_method(self, method: &Method) -> Self {
        if method == Method::HEAD {
            Self::from(self.body.headers_only())
        } else {
            self
        }
    }

    /// Makes the response, its body an [`EventStream`].
    pub fn into_response(self) -> Response<EventStream<S>> {
        let mut response = Response::new(self.body);
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

impl<S: Stream<Item: StreamItem>> From<Sse<S>> for Response<EventStream<S>> {
    fn from(sse: Sse<S>) -> Self {
        sse.into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::time::Duration;

    use http_body::Body;
    use http_body_util::BodyExt;
    use sse_core::{EndReason, Event};

    use super::*;

    #[tokio::test]
    async fn a_response_has_the_three_headers_and_the_events() {
        let response = response(tokio_stream::iter([Event::new("a"), Event::new("b")]));
        let headers = response.headers().iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(headers, RESPONSE_HEADERS);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "data: a\n\ndata: b\n\n");
    }

    #[tokio::test]
    async fn branches_can_return_different_streams_that_are_not_send() {
        let text = Rc::new("a");
        let one = std::iter::once_with(move || Event::new(*text));
        for sse in [
            Sse::new(tokio_stream::iter(one)).boxed_local(),
            Sse::new(tokio_stream::iter([Event::new("a")])).boxed_local(),
        ] {
            let body = sse.into_response().into_body().collect().await.unwrap();
            assert_eq!(body.to_bytes(), "data: a\n\n");
        }
    }

    #[tokio::test]
    async fn head_gets_no_poll_of_a_stream_whose_first_event_is_awaited() {
        let sse = Sse::lazy(|| -> tokio_stream::Once<Event> { panic!("built") });
        let sse = sse.for_method(&Method::HEAD).await_first(Duration::MAX);
        let Ok(sse) = sse.await;
        assert!(sse.into_response().into_body().is_end_stream());
    }

    #[tokio::test]
    async fn head_gets_the_headers_and_no_poll() {
        let (sender, mut end) = tokio::sync::oneshot::channel();
        let never = std::iter::repeat_with(|| -> Event { panic!("polled") });
        let response = Sse::new(tokio_stream::iter(never))
            .on_end(|end| sender.send(end).unwrap())
            .for_method(&Method::HEAD)
            .into_response();
        assert_eq!(response.headers().len(), 3);
        assert_eq!(end.try_recv().unwrap().reason, EndReason::ClientGone);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(body.is_empty());
    }
}
