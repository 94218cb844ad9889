#![forbid(unsafe_code)]
//! One notification for many subscribers: encoded once, shared by all.

use std::collections::BTreeMap;

use anyhow::Result;
use sse_core::{Decoder, EncodedEvent, Event, EventType};

const NOTIFICATION: EventType = EventType::from_static("notification");

fn main() -> Result<()> {
    let mut queues: BTreeMap<&str, Vec<EncodedEvent>> = ["ada", "grace", "linus"]
        .map(|subscriber| (subscriber, Vec::new()))
        .into();

    for (id, text) in (1_u64..).zip(["Build passed", "Deployed to production\n3 services"]) {
        let encoded = Event::new(text).event(NOTIFICATION).id(id).encode();
        for queue in queues.values_mut() {
            // A clone counts a reference; the bytes are the same for all.
            queue.push(encoded.clone());
        }
    }

    let first = queues["ada"][0].as_bytes().as_ptr();
    let shared = queues
        .values()
        .all(|queue| queue[0].as_bytes().as_ptr() == first);
    println!("{} subscribers hold the same bytes: {shared}", queues.len());

    for (subscriber, queue) in queues {
        println!("{subscriber}:");
        let mut decoder = Decoder::new();
        for event in queue {
            decoder.push(event.into_bytes());
        }
        while let Some(received) = decoder.next().transpose()? {
            println!(
                "  #{} {:?}",
                received.last_event_id.as_str(),
                received.data()
            );
        }
    }
    Ok(())
}
