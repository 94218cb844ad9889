//! What an engine gives that it must not, and what is called while something is taken in.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

mod shared;

use std::{
    collections::VecDeque,
    future::ready,
    pin::{Pin, pin},
    sync::{Arc, Mutex, OnceLock},
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use sse_hub::{
    Ack, Draft, Epoch, Event, EventType, Hub, Ids, Topic,
    provider::{
        AppendError, Appended, BoxFuture, Capabilities, Page, Provider, ProviderError, Record,
        Status, Tail, TailItem,
    },
};
use tokio_stream::Stream;

/// An engine that gives what it was made with: from its history up to `head`, and behind it through the tail.
#[derive(Clone)]
struct Given {
    records: Vec<Record>,
    head: u64,
    tail: Arc<Mutex<VecDeque<TailItem>>>,
}

impl Given {
    fn new(records: Vec<Record>, head: u64) -> Self {
        Self {
            records,
            head,
            tail: Arc::default(),
        }
    }

    /// Gives what lies behind the head, and lets the hub look.
    async fn give(&self, hub: &Hub) {
        let behind = self.records.iter().filter(|it| it.seq > self.head);
        let batch = TailItem::Batch(behind.cloned().collect());
        self.tail.lock().unwrap().push_back(batch);
        hub.clear(&Topic::default()).await.unwrap();
    }

    fn hub(&self, ids: Ids) -> Hub {
        let given = self.clone();
        let hub = Hub::builder().ids(ids);
        hub.provider(move |_| Arc::new(given.clone())).build()
    }
}

impl Provider for Given {
    fn status(&self) -> Status {
        Status {
            epoch: Epoch::from_hash(1),
            epoch_start: 1,
            ancestors: Vec::new(),
            first: 1,
            head: self.head,
            head_nonce: 0,
        }
    }

    fn append(&self, _: Vec<Draft>, _: Ack) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        Box::pin(ready(Vec::new()))
    }

    fn read(&self, from: u64, limit: usize) -> BoxFuture<'_, Result<Page, ProviderError>> {
        let asked = self.records.iter().filter(|it| it.seq >= from).take(limit);
        let page = Page {
            records: asked.cloned().collect(),
            scanned_through: self.records.last().map_or(0, |last| last.seq),
        };
        Box::pin(ready(Ok(page)))
    }

    fn tail(&self, _: u64) -> Tail {
        Box::pin(GivenTail(Arc::clone(&self.tail)))
    }

    fn head(&self) -> BoxFuture<'_, Result<u64, ProviderError>> {
        Box::pin(ready(Ok(self.head)))
    }

    fn clear(&self, _: Topic) -> BoxFuture<'_, Result<(), ProviderError>> {
        Box::pin(ready(Ok(())))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().replay(true).tail_is_head(false)
    }
}

struct GivenTail(Arc<Mutex<VecDeque<TailItem>>>);

impl Stream for GivenTail {
    type Item = TailItem;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<TailItem>> {
        let next = self.0.lock().unwrap().pop_front();
        next.map_or(Poll::Pending, |item| Poll::Ready(Some(item)))
    }
}

fn record(seq: u64, set: impl FnOnce(Draft) -> Draft) -> Record {
    let draft = Draft::new("a", Event::new(seq.to_string())).unwrap();
    Record::new(seq, 7, 0, set(draft))
}

/// Three entries, the second of which breaks a rule; and the ids with which it does.
fn with_an_illegal_one() -> Vec<(&'static str, Ids, Vec<Record>)> {
    type Case = (&'static str, Ids, fn(Draft) -> Draft);
    let cases: [Case; 4] = [
        ("a type of the hub's", Ids::Bare, |mut draft| {
            draft.event.event = Some(EventType::from_static("hub.close"));
            draft
        }),
        ("an id like the hub's", Ids::Publisher, |mut draft| {
            draft.event.id = "k3v9x0qa-1-7c21ab04".try_into().ok();
            draft
        }),
        ("no topic", Ids::Hub, |mut draft| {
            draft.topics = Box::default();
            draft
        }),
        ("a large attachment", Ids::Hub, |draft| {
            draft.attachment(vec![0; Draft::MAX_ATTACHMENT_LEN + 1])
        }),
    ];
    let records = |illegal| vec![record(1, |it| it), record(2, illegal), record(3, |it| it)];
    let cases = cases.into_iter();
    cases
        .map(|(what, ids, illegal)| (what, ids, records(illegal)))
        .collect()
}

#[tokio::test]
async fn what_an_engine_must_not_give_becomes_a_hole_that_is_told() {
    for (what, ids, records) in with_an_illegal_one() {
        let given = Given::new(records, 0);
        let hub = given.hub(ids);
        let mut subscription = hub.subscribe("a").await.unwrap();
        given.give(&hub).await;
        let text = shared::ready_text(&mut subscription);
        assert!(
            !text.contains("hub.close") && !text.contains("qa-1-7c"),
            "{what}: {text}"
        );
        if ids == Ids::Bare {
            // Nothing of the hub's stands in such a stream: it ends at the gap.
            assert!(subscription.end_reason().is_some(), "{what}: {text}");
            continue;
        }
        let parts = ["data: 1\n", "event: hub.gap\n", "\"provider\"", "data: 3\n"];
        let places = parts.map(|part| text.find(part));
        assert!(places.is_sorted() && places[0].is_some(), "{what}: {text}");
    }
}

#[tokio::test]
async fn what_stands_in_an_engines_history_against_the_rules_is_told_as_a_gap() {
    for (what, ids, records) in with_an_illegal_one() {
        if what == "no topic" {
            // It matches nothing.
            continue;
        }
        let hub = Given::new(records, 3).hub(ids);
        let replay = hub.read("a", None, 10).await.unwrap();
        let texts: Vec<_> = replay
            .entries
            .iter()
            .map(|it| it.event().as_str())
            .collect();
        assert_eq!(texts.len(), 3, "{what}");
        assert!(texts[0].contains("data: 1\n") && texts[2].contains("data: 3\n"));
        let told = texts[1];
        assert!(
            !told.contains("hub.close") && !told.contains("qa-1-7c"),
            "{what}: {told}"
        );
        assert_eq!(
            told.contains("\"provider\""),
            ids != Ids::Bare,
            "{what}: {told}"
        );
    }
}

fn at_once<T>(future: impl IntoFuture<Output = T>) -> T {
    let mut future = pin!(future.into_future());
    let mut cx = Context::from_waker(Waker::noop());
    match future.as_mut().poll(&mut cx) {
        Poll::Ready(ready) => ready,
        Poll::Pending => panic!("the memory provider never waits"),
    }
}

/// Does something to a hub when it is woken, there and then.
struct Inline {
    hub: OnceLock<Hub>,
    act: fn(&Hub),
}

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        (self.act)(self.hub.get().unwrap());
    }
}

#[test]
fn a_waker_may_ask_for_what_is_due_publish_and_shut_down() {
    let acts: [fn(&Hub); 4] = [
        Hub::maintain,
        |hub| drop(hub.shutdown(Duration::ZERO)),
        |hub| assert!(at_once(hub.publish("other", Event::new("x"))).is_ok()),
        |hub| drop(at_once(hub.subscribe("a")).unwrap()),
    ];
    for (number, act) in acts.into_iter().enumerate() {
        let (done, wait) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let hub = Hub::new();
            let inline = Arc::new(Inline {
                hub: OnceLock::from(hub.clone()),
                act,
            });
            let mut subscription = at_once(hub.subscribe("a")).unwrap();
            shared::ready_text(&mut subscription);
            let waker = Waker::from(inline);
            let mut cx = Context::from_waker(&waker);
            assert!(Pin::new(&mut subscription).poll_next(&mut cx).is_pending());
            at_once(hub.publish("a", Event::new("x"))).unwrap();
            done.send(()).unwrap();
        });
        let finished = wait.recv_timeout(Duration::from_secs(10));
        assert!(finished.is_ok(), "{number} waits for itself");
    }
}

#[tokio::test]
async fn a_shutdown_may_take_any_time() {
    let hub = Hub::new();
    let subscribed = [(); 3].map(|()| at_once(hub.subscribe("a")).unwrap());
    drop(hub.shutdown(Duration::MAX));
    assert!(
        subscribed
            .iter()
            .filter(|it| it.end_reason().is_none())
            .count()
            >= 2
    );
    hub.shutdown(Duration::ZERO).await;
    assert!(subscribed.iter().all(|it| it.end_reason().is_some()));
}
