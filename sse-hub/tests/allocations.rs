//! How often publishing and delivering ask for memory.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

mod shared;

use std::{
    alloc::System,
    pin::pin,
    task::{Context, Poll, Waker},
};

use sse_hub::{Event, Hub, Retention};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROUNDS: u16 = 1_000;

fn at_once<T>(future: impl IntoFuture<Output = T>) -> T {
    let mut future = pin!(future.into_future());
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(ready) => ready,
        Poll::Pending => panic!("the memory provider never waits"),
    }
}

/// Allocations of a publication and its delivery to so many subscriptions, without making the text.
fn allocations(subscribers: usize) -> f64 {
    // What is retained grows no further.
    let hub = Hub::builder()
        .retain(Retention::default().count(100))
        .build();
    let mut subscriptions: Vec<_> = (0..subscribers)
        .map(|_| at_once(hub.subscribe("a")).unwrap())
        .collect();
    let text = sse_core::ByteString::from_static("what happened");
    let mut round = || {
        at_once(hub.publish("a", Event::new(text.clone()))).unwrap();
        for subscription in &mut subscriptions {
            while shared::poll(subscription).is_ready() {}
        }
    };
    for _ in 0..ROUNDS {
        round();
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..ROUNDS {
        round();
    }
    let change = region.change();
    let count = u32::try_from(change.allocations + change.reallocations).unwrap();
    f64::from(count) / f64::from(ROUNDS)
}

/// One test, so that no other thread allocates meanwhile.
#[test]
fn a_publication_costs_few_allocations_and_a_delivery_hardly_any() {
    let (one, hundred) = (allocations(1), allocations(100));
    let delivery = (hundred - one) / 99.0;
    println!("{one:.2} for a publication to one, {delivery:.2} for each further subscription");
    assert!(one <= 12.0, "{one} for a publication to one");
    assert!(delivery <= 0.1, "{delivery} for each further delivery");
}
