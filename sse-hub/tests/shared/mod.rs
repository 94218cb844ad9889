//! Reading subscriptions step by step.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use sse_core::{Decoder, DecoderOptions, Received};
use sse_hub::{EncodedBatch, Subscription};
use tokio_stream::Stream;

/// What is ready at this moment; `None` if the stream has ended.
pub(crate) fn poll(subscription: &mut Subscription) -> Poll<Option<EncodedBatch>> {
    Pin::new(subscription).poll_next(&mut Context::from_waker(Waker::noop()))
}

/// All wire text that is ready at this moment.
pub(crate) fn ready_text(subscription: &mut Subscription) -> String {
    let mut text = String::new();
    while let Poll::Ready(Some(batch)) = poll(subscription) {
        text.push_str(str::from_utf8(batch.as_bytes()).expect("wire text is UTF-8"));
    }
    text
}

/// All that is ready at this moment, as a client decodes it; blocks without data among it.
pub(crate) fn ready(subscription: &mut Subscription) -> Vec<Received> {
    decode(&ready_text(subscription))
}

/// Blocks as a client that looks at all of them sees them.
pub(crate) fn decode(text: &str) -> Vec<Received> {
    let mut decoder = Decoder::with_options(DecoderOptions::new().dataless_blocks());
    decoder.push(text.to_owned().into_bytes());
    std::iter::from_fn(|| decoder.next())
        .map(Result::unwrap)
        .collect()
}

/// The data of what was published, without the hub's own events.
pub(crate) fn data(received: &[Received]) -> Vec<String> {
    let published = received
        .iter()
        .filter(|it| it.event.data.is_some() && !it.event_type().starts_with("hub."));
    published.map(|it| it.data().to_owned()).collect()
}

/// The data that is ready at this moment.
pub(crate) fn ready_data(subscription: &mut Subscription) -> Vec<String> {
    data(&ready(subscription))
}

/// Waits for the next item.
pub(crate) async fn next(subscription: &mut Subscription) -> Option<EncodedBatch> {
    let next = std::future::poll_fn(|cx| Pin::new(&mut *subscription).poll_next(cx));
    tokio::time::timeout(Duration::from_secs(10), next)
        .await
        .expect("the subscription is silent")
}
