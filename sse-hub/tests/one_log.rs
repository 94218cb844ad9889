//! Several hubs and namespaces over one log in memory.

mod shared;

use std::sync::Arc;

use shared::{ready, ready_data};
use sse_hub::{Clock, Event, Hub, Resume, provider::Memory};

fn over(memory: &Memory) -> Hub {
    let memory = memory.clone();
    Hub::builder()
        .provider(move |_| Arc::new(memory.clone()))
        .build()
}

#[tokio::test]
async fn each_hub_and_namespace_sees_all_of_it_in_one_order() {
    let memory = Memory::new(Clock::system());
    let one = over(&memory);
    let first = one.publish("a", Event::new("before")).await.unwrap();
    let hubs = [one.clone(), over(&memory), one.namespace("other").unwrap()];
    let mut subscriptions = Vec::new();
    for hub in &hubs {
        let mut subscription = hub.subscribe("a").await.unwrap();
        ready(&mut subscription);
        subscriptions.push(subscription);
    }
    let mut expected = Vec::new();
    for (number, hub) in hubs.iter().cycle().take(9).enumerate() {
        let event = Event::new(number.to_string());
        let published = hub.publish("a", event).await.unwrap();
        assert_eq!(published.seq(), first.seq() + 1 + number as u64);
        expected.push(number.to_string());
    }
    for (hub, subscription) in hubs.iter().zip(&mut subscriptions) {
        hub.maintain();
        assert_eq!(ready_data(subscription), expected);
        assert_eq!(hub.head(), hubs[0].head());
    }
    // What was there before a hub began is not there for it to replay.
    let resumed = hubs[0].subscribe("a").after(first.id()).await.unwrap();
    assert_eq!(*resumed.resume(), Resume::Complete);
}
