//! Events of the frameworks, encoded through their own response bodies.

use std::{
    convert::Infallible,
    iter,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use actix_web::body::MessageBody;
use axum::response::IntoResponse;
use bytes::Bytes;
use http_body::Body;

use crate::{
    blocks::Block,
    chunks::Ready,
    encoders::{Contender, Encode},
};

pub(super) fn all() -> [Contender; 4] {
    [
        Contender::new::<Axum>("axum 0.8"),
        Contender::new::<Warp>("warp 0.4"),
        Contender::new::<ActixWebLab>("actix-web-lab 0.29"),
        Contender::new::<SseStream>("sse-stream 0.3"),
    ]
}

struct Axum;

impl Encode for Axum {
    type Event = axum::response::sse::Event;

    fn build(block: &Block) -> Self::Event {
        let mut event = Self::Event::default();
        if let Some(id) = &block.id {
            event = event.id(id);
        }
        if let Some(event_type) = block.event {
            event = event.event(event_type);
        }
        event.data(&block.data)
    }

    fn encode<I>(events: I, mut each: impl FnMut(Bytes))
    where
        I: Iterator<Item = Self::Event> + Send + Unpin + 'static,
    {
        let stream = Ready(events.map(Ok::<_, Infallible>));
        let mut body = axum::response::sse::Sse::new(stream)
            .into_response()
            .into_body();
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut context) {
            let frame = frame.expect("infallible");
            each(frame.into_data().expect("no trailers"));
        }
    }

    fn deliver(block: &'static Block, receivers: usize, each: impl FnMut(Bytes)) {
        Self::encode(iter::repeat_n(Self::build(block), receivers), each);
    }
}

/// Its body is private, and does for each event what is done here.
struct Warp;

impl Encode for Warp {
    type Event = warp::sse::Event;

    fn build(block: &Block) -> Self::Event {
        let mut event = warp::sse::Event::default().data(block.data.as_str());
        if let Some(id) = &block.id {
            event = event.id(id.as_str());
        }
        if let Some(event_type) = block.event {
            event = event.event(event_type);
        }
        event
    }

    fn encode<I>(events: I, mut each: impl FnMut(Bytes))
    where
        I: Iterator<Item = Self::Event> + Send + Unpin + 'static,
    {
        for event in events {
            each(Bytes::from(event.to_string()));
        }
    }

    /// Its event cannot be cloned: one is built for each receiver.
    fn deliver(block: &'static Block, receivers: usize, each: impl FnMut(Bytes)) {
        Self::encode((0..receivers).map(|_| Self::build(block)), each);
    }
}

struct ActixWebLab;

impl Encode for ActixWebLab {
    type Event = actix_web_lab::sse::Event;

    fn build(block: &Block) -> Self::Event {
        let mut data = actix_web_lab::sse::Data::new(block.data.as_str());
        if let Some(id) = &block.id {
            data = data.id(id.as_str());
        }
        if let Some(event_type) = block.event {
            data = data.event(event_type);
        }
        data.into()
    }

    fn encode<I>(events: I, mut each: impl FnMut(Bytes))
    where
        I: Iterator<Item = Self::Event> + Send + Unpin + 'static,
    {
        let stream = Ready(events.map(Ok::<_, Infallible>));
        let mut body = pin!(actix_web_lab::sse::Sse::from_stream(stream));
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(wire)) = body.as_mut().poll_next(&mut context) {
            each(wire.expect("legal fields"));
        }
    }

    fn deliver(block: &'static Block, receivers: usize, each: impl FnMut(Bytes)) {
        Self::encode(iter::repeat_n(Self::build(block), receivers), each);
    }
}

struct SseStream;

impl Encode for SseStream {
    type Event = sse_stream::Sse;

    fn build(block: &Block) -> Self::Event {
        let mut event = Self::Event::default().data(block.data.as_str());
        if let Some(id) = &block.id {
            event = event.id(id.as_str());
        }
        if let Some(event_type) = block.event {
            event = event.event(event_type);
        }
        event
    }

    fn encode<I>(events: I, mut each: impl FnMut(Bytes))
    where
        I: Iterator<Item = Self::Event> + Send + Unpin + 'static,
    {
        for event in events {
            each(event.encode().expect("legal fields"));
        }
    }

    fn deliver(block: &'static Block, receivers: usize, each: impl FnMut(Bytes)) {
        Self::encode(iter::repeat_n(Self::build(block), receivers), each);
    }
}
