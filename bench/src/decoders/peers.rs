//! Decoders from other crates, each fed the cheapest kind of chunk it takes.

use std::{convert::Infallible, num::NonZeroUsize};

use bytes::Bytes;
use eventsource_client::{Client, ClientBuilder, ReconnectOptions, SSE};
use launchdarkly_sdk_transport::{
    ByteStream, HttpTransport, Request, Response, ResponseFuture, TransportError,
};
use sse_core_published::{SseDecoder, SseEvent};

use crate::{
    chunks::{Chunks, Owned, Ready, drain},
    decoders::{Contender, Decode, Role},
    sink::Sink,
};

pub(super) fn all() -> [Contender; 6] {
    [
        Contender::new::<Published>("sse-core 0.2", Role::Peer),
        Contender::new::<Sseer>("sseer 0.3", Role::Peer),
        Contender::new::<SseStream>("sse-stream 0.3", Role::Peer),
        Contender::new::<EventsourceStream2>("eventsource-stream2 0.4", Role::Peer),
        Contender::new::<EventsourceStream>("eventsource-stream 0.2", Role::Peer),
        Contender::new::<EventsourceClient>("eventsource-client 0.18", Role::Peer),
    ]
}

pub(super) fn reference() -> Contender {
    Contender::new::<Published>("sse-core 0.2", Role::Peer)
}

/// The registry's `sse-core`: its state machine without its stream wrapper.
struct Published;

impl Decode for Published {
    fn decode(chunks: Chunks<'_>, sink: &mut impl Sink) {
        // Its default of 512 KiB would refuse the large single events.
        let limit = NonZeroUsize::new(64 << 20).expect("not zero");
        let mut decoder = SseDecoder::with_limit(limit);
        for mut chunk in chunks.slices() {
            while let Some(event) = decoder.next(&mut chunk) {
                if let SseEvent::Message(event) = event.expect("within the limit") {
                    let id = event.last_event_id.as_deref().unwrap_or("");
                    sink.event(&event.event, &event.data, id);
                }
            }
        }
    }
}

struct Sseer;

impl Decode for Sseer {
    fn decode(chunks: Chunks<'_>, sink: &mut impl Sink) {
        let stream = sseer::EventStream::new(Ready(chunks.owned().map(Ok::<_, Infallible>)));
        drain(stream, |event| {
            let event = event.expect("valid input");
            sink.event(&event.event, &event.data, &event.id);
        });
    }
}

struct SseStream;

impl Decode for SseStream {
    fn decode(chunks: Chunks<'_>, sink: &mut impl Sink) {
        let stream =
            sse_stream::SseByteStream::new(Ready(chunks.slices().map(Ok::<_, Infallible>)));
        drain(stream, |event| {
            let event = event.expect("valid input");
            if let Some(data) = &event.data {
                sink.event(
                    event.event.as_deref().unwrap_or("message"),
                    data,
                    event.id.as_deref().unwrap_or(""),
                );
            }
        });
    }
}

struct EventsourceStream2;

impl Decode for EventsourceStream2 {
    fn decode(chunks: Chunks<'_>, sink: &mut impl Sink) {
        let stream =
            eventsource_stream2::EventStream::new(Ready(chunks.slices().map(Ok::<_, Infallible>)));
        drain(stream, |event| {
            let event = event.expect("valid input");
            sink.event(&event.event, &event.data, &event.id);
        });
    }
}

struct EventsourceStream;

impl Decode for EventsourceStream {
    fn decode(chunks: Chunks<'_>, sink: &mut impl Sink) {
        let stream =
            eventsource_stream::EventStream::new(Ready(chunks.slices().map(Ok::<_, Infallible>)));
        drain(stream, |event| {
            let event = event.expect("valid input");
            sink.event(&event.event, &event.data, &event.id);
        });
    }
}

/// A client rather than a decoder: its parser is reached through a transport in memory.
struct EventsourceClient;

impl Decode for EventsourceClient {
    fn decode(chunks: Chunks<'_>, sink: &mut impl Sink) {
        let client = ClientBuilder::for_url("http://memory/")
            .expect("a valid URL")
            .reconnect(ReconnectOptions::reconnect(false).build())
            .build_with_transport(Memory(chunks.owned()));
        // The end of the stream is an error by its contract; it yields nothing after it.
        drain(client.stream(), |item| {
            if let Ok(SSE::Event(event)) = item {
                let id = event.id.as_deref().unwrap_or("");
                sink.event(&event.event_type, &event.data, id);
            }
        });
    }
}

#[derive(Clone)]
struct Memory(Owned);

impl HttpTransport for Memory {
    fn request(&self, _: Request<Option<Bytes>>) -> ResponseFuture {
        let body: ByteStream = Box::pin(Ready(self.0.clone().map(Ok::<_, TransportError>)));
        Box::pin(std::future::ready(Ok(Response::new(body))))
    }
}
