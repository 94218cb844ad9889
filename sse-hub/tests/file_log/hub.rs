//! A hub over a log in files, before and after a start.

use std::{path::Path, sync::Arc};

use sse_hub::{Ack, Event, EventId, Hub, Ids, Resume, provider::file::File};

use crate::directory;

fn hub(directory: &Path, ids: Ids) -> Hub {
    let file = File::open(directory).unwrap();
    let builder = Hub::builder().ids(ids);
    builder.provider(move |_| Arc::new(file.clone())).build()
}

#[tokio::test]
async fn a_resume_is_complete_across_starts() {
    let directory = directory("resume");
    let mut ids: Vec<EventId> = Vec::new();
    let mut expected = Vec::new();
    for start in 0..4 {
        let hub = hub(&directory, Ids::Hub);
        for (index, id) in ids.iter().enumerate() {
            let replay = hub.read("a", id.clone(), 1000).await.unwrap();
            assert_eq!(replay.resume, Resume::Complete, "start {start}, {id}");
            let events: Vec<_> = replay
                .entries
                .iter()
                .map(|it| it.event().as_str().to_owned())
                .collect();
            assert_eq!(events.len(), expected.len() - index - 1);
            assert!(
                events
                    .iter()
                    .zip(&expected[index + 1..])
                    .all(|(event, data)| event.contains(data))
            );
        }
        for number in 0..10 {
            let data = format!("data: {start}.{number}\n");
            let publish = hub.publish("a", Event::new(format!("{start}.{number}")));
            let published = publish.ack(Ack::Durable).await.unwrap();
            assert_eq!(published.seq(), ids.len() as u64 + 1);
            ids.push(published.id());
            expected.push(data);
        }
    }
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn a_publishers_own_id_is_resumed_from_after_a_start() {
    for ids in [Ids::Bare, Ids::Publisher, Ids::Hub] {
        let directory = directory("own");
        {
            let hub = hub(&directory, ids);
            for number in 0..5 {
                let event = Event::new(format!("p{number}")).try_id(format!("own{number}"));
                hub.publish("a", event.unwrap()).await.unwrap();
            }
        }
        let hub = hub(&directory, ids);
        let after = EventId::try_from("own2").unwrap();
        let subscription = hub.subscribe("a").after(after).await.unwrap();
        assert_eq!(*subscription.resume(), Resume::Complete, "{ids:?}");
        let unknown = EventId::try_from("own9").unwrap();
        let subscription = hub.subscribe("a").after(unknown).await.unwrap();
        assert!(matches!(subscription.resume(), Resume::Gap(_)), "{ids:?}");
        drop((subscription, hub));
        std::fs::remove_dir_all(directory).unwrap();
    }
}
