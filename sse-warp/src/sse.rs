use std::error::Error;

use futures_core::Stream;
use http::{HeaderName, HeaderValue, Method};
use sse_core::{BoxStream, EventStream, RESPONSE_HEADERS, StreamItem};
use sync_wrapper::SyncStream;
use warp::reply::{Reply, Response};

/// Makes a reply of a stream of events, with the defaults of [`Sse`].
pub fn reply<S: Stream<Item: StreamItem>>(stream: S) -> Sse<S> {
    Sse::new(stream)
}

/// A stream of events as a reply.
#[derive(Debug)]
#[must_use = "a reply does nothing until a filter returns it"]
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
    /// Wanted where a route takes more than `warp::get()`, which answers 405 to `HEAD`. Without it the stream is polled on HTTP/2,
    /// a lazy one too. Call it before [`await_first`](Self::await_first), which polls.
    pub fn for_method(self, method: &Method) -> Self {
        if method == Method::HEAD {
            Self::from(self.body.headers_only())
        } else {
            self
        }
    }
}

impl<S, E> Reply for Sse<S>
where
    S: Stream<Item: StreamItem<Error = E>> + Send + 'static,
    E: Into<Box<dyn Error + Send + Sync>> + Send + 'static,
{
    fn into_response(self) -> Response {
        let mut response = warp::reply::stream(SyncStream::new(self.body)).into_response();
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

    use sse_core::{Event, OnError};
    use warp::Filter;

    use super::*;

    #[tokio::test]
    async fn a_reply_has_the_three_headers_and_the_events() {
        let events = || reply(tokio_stream::iter([Event::new("a"), Event::new("b")]));
        let response = warp::test::request().reply(&warp::get().map(events)).await;
        let headers = response.headers().iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(headers, RESPONSE_HEADERS);
        assert_eq!(response.body(), "data: a\n\ndata: b\n\n");
    }

    #[tokio::test]
    async fn head_gets_the_headers_and_no_poll() {
        let never = || std::iter::repeat_with(|| -> Event { panic!("polled") });
        let route = warp::method()
            .map(move |method| reply(tokio_stream::iter(never())).for_method(&method));
        let request = warp::test::request().method("HEAD");
        let response = request.reply(&route).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(response.body().is_empty());
    }

    #[tokio::test]
    async fn head_gets_no_poll_of_a_stream_whose_first_event_is_awaited() {
        let sse = Sse::lazy(|| -> tokio_stream::Once<Event> { panic!("built") });
        let sse = sse.for_method(&Method::HEAD).await_first(Duration::MAX);
        let Ok(sse) = sse.await;
        assert_eq!(sse.into_response().status(), 200);
    }

    #[tokio::test]
    async fn an_error_can_be_sent_as_an_event() {
        let route = warp::any().map(|| {
            let stream = tokio_stream::iter([Ok(Event::new("a")), Err("broken")]);
            reply(stream).on_error(OnError::event(|error: &&str| Event::new(*error)))
        });
        let response = warp::test::request().reply(&route).await;
        assert_eq!(response.body(), "data: a\n\ndata: broken\n\n");
    }
}
