use futures_core::Stream;
use http::{HeaderName, HeaderValue, Method, Response};
use sse_core::{BoxStream, EventStream, RESPONSE_HEADERS, StreamItem};

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

    /// Answers a request of this method: for `HEAD` the stream is dropped without a poll.
    ///
    /// On HTTP/1.1 hyper does so itself, on HTTP/2 it would send the body.
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
