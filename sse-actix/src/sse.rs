use std::error::Error;

use actix_web::body::BodyStream;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_ENCODING, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder};
use futures_core::Stream;
use sse_core::{EventStream, LocalBoxStream, RESPONSE_HEADERS, StreamItem};

/// A stream of events as a response. The stream need not be `Send`.
#[derive(Debug)]
#[must_use = "a response does nothing until a handler returns it"]
pub struct Sse<S>
where
    S: Stream,
    S::Item: StreamItem,
{
    body: EventStream<S>,
    compression: Compression,
}

#[derive(Clone, Copy, Debug, Default)]
enum Compression {
    /// Says `Content-Encoding: identity`, which actix' middleware leaves alone.
    #[default]
    Refused,
    Allowed,
}

sse_core::forward_configuration!(Sse, compression);

impl<S: Stream<Item: StreamItem>> Sse<S> {
    /// Lets the middleware `Compress` compress the response, which costs an encoder for each connection and some latency.
    ///
    /// By default the response says `Content-Encoding: identity`, so that it is left as it is.
    pub fn allow_compression(mut self) -> Self {
        self.compression = Compression::Allowed;
        self
    }

    /// Forgets the stream's type, so that two branches of a handler can return different streams.
    pub fn boxed(self) -> Sse<LocalBoxStream<S::Item>>
    where
        S: 'static,
    {
        Sse {
            body: self.body.boxed_local(),
            compression: self.compression,
        }
    }
}

impl<S, E> Responder for Sse<S>
where
    S: Stream<Item: StreamItem<Error = E>> + 'static,
    E: Into<Box<dyn Error>> + 'static,
{
    type Body = BodyStream<EventStream<S>>;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BodyStream<EventStream<S>>> {
        // On HTTP/1.1 actix would poll the body of an answer to `HEAD`, and never learn that its client left.
        let body = match *request.method() {
            Method::HEAD => self.body.headers_only(),
            _ => self.body,
        };
        let mut response = HttpResponse::Ok();
        for header in RESPONSE_HEADERS {
            response.insert_header(header);
        }
        if let Compression::Refused = self.compression {
            response.insert_header((CONTENT_ENCODING, HeaderValue::from_static("identity")));
        }
        response.finish().set_body(BodyStream::new(body))
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use actix_web::body::to_bytes;
    use actix_web::test::TestRequest;
    use sse_core::Event;

    use super::*;

    fn respond<S>(method: Method, sse: Sse<S>) -> HttpResponse<BodyStream<EventStream<S>>>
    where
        S: Stream<Item: StreamItem<Error: Into<Box<dyn Error>> + 'static>> + 'static,
    {
        sse.respond_to(&TestRequest::default().method(method).to_http_request())
    }

    #[actix_web::test]
    async fn a_response_has_its_headers_and_the_events_of_a_stream_that_is_not_send() {
        let text = Rc::new("a");
        let events = std::iter::once_with(move || Event::new(*text));
        let response = respond(Method::GET, Sse::new(tokio_stream::iter(events)));
        for (name, value) in RESPONSE_HEADERS {
            assert_eq!(response.headers().get(name).unwrap(), value);
        }
        assert_eq!(
            response.headers().get("content-encoding").unwrap(),
            "identity"
        );
        assert_eq!(response.headers().len(), 4);
        assert_eq!(to_bytes(response.into_body()).await.unwrap(), "data: a\n\n");
    }

    #[actix_web::test]
    async fn head_gets_the_headers_and_no_poll() {
        let never = std::iter::repeat_with(|| -> Event { panic!("polled") });
        let response = respond(Method::HEAD, Sse::new(tokio_stream::iter(never)));
        assert_eq!(response.headers().len(), 4);
        assert!(to_bytes(response.into_body()).await.unwrap().is_empty());
    }

    #[actix_web::test]
    async fn compression_can_be_allowed() {
        let events = tokio_stream::iter([Event::new("a")]);
        let response = respond(Method::GET, Sse::new(events).allow_compression().boxed());
        assert!(!response.headers().contains_key("content-encoding"));
    }
}
