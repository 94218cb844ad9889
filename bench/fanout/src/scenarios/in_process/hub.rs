use std::{
    future::IntoFuture,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use anyhow::{Context as _, Result};
use sse_hub::{Event, Hub, Subscription};
use tokio_stream::Stream;

use super::Engine;

/// Our hub with a subscription to each topic.
#[derive(Debug)]
pub struct SseHub {
    hub: Hub,
    names: Vec<String>,
    subscriptions: Vec<Subscription>,
}

impl SseHub {
    /// # Errors
    ///
    /// A subscription is refused.
    pub fn new(topics: usize) -> Result<Self> {
        let hub = Hub::new();
        let names: Vec<_> = (0..topics).map(|topic| format!("topic/{topic}")).collect();
        let mut subscriptions = Vec::with_capacity(topics);
        for name in &names {
            let mut subscription = at_once(hub.subscribe(name.as_str()))?;
            while poll(&mut subscription).is_ready() {}
            subscriptions.push(subscription);
        }
        Ok(Self {
            hub,
            names,
            subscriptions,
        })
    }
}

impl Engine for SseHub {
    fn publish(&mut self, topic: usize) -> Result<()> {
        let published = at_once(
            self.hub
                .publish(self.names[topic].as_str(), Event::new("what happened")),
        );
        published.map(drop).context("publishing")
    }

    fn take(&mut self, topic: usize) -> Result<usize> {
        let mut events = 0;
        while let Poll::Ready(Some(batch)) = poll(&mut self.subscriptions[topic]) {
            events += batch.events();
        }
        Ok(events)
    }
}

fn poll(subscription: &mut Subscription) -> Poll<Option<sse_hub::EncodedBatch>> {
    Pin::new(subscription).poll_next(&mut Context::from_waker(Waker::noop()))
}

/// The hub's memory never waits.
fn at_once<T, E>(future: impl IntoFuture<Output = Result<T, E>>) -> Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let mut future = pin!(future.into_future());
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(outcome) => Ok(outcome?),
        Poll::Pending => anyhow::bail!("the hub waits for something"),
    }
}
