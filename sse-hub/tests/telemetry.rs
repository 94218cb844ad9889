//! What a hub tells `metrics` and `tracing`.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

mod shared;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};
use sse_hub::{Clock, Event, EventId, Hub, LagLimit, Lagging, Retention, Start, Subscription};
use tracing::{
    Level, Subscriber,
    field::{Field, Visit},
    span::{self, Attributes, Id},
    subscriber::with_default,
};

/// Keeps what was recorded, by name and labels.
#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<BTreeMap<String, Arc<AtomicU64>>>>);

impl Recorded {
    fn place(&self, key: &Key) -> Arc<AtomicU64> {
        let labels = key
            .labels()
            .map(|it| format!(" {}={}", it.key(), it.value()));
        let name = format!("{}{}", key.name(), labels.collect::<String>());
        Arc::clone(self.0.lock().unwrap().entry(name).or_default())
    }

    fn bits(&self, name: &str) -> u64 {
        let all = self.0.lock().unwrap();
        let place = all.get(&format!("sse_hub_{name}"));
        place.map_or(0, |place| place.load(Ordering::Relaxed))
    }

    fn counter(&self, name: &str) -> u64 {
        self.bits(name)
    }

    fn gauge(&self, name: &str) -> f64 {
        f64::from_bits(self.bits(&format!("{name} namespace=main")))
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.place(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.place(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// Runs a test with a hub that nothing but the test moves, and with what it records.
fn with_hub(test: impl AsyncFnOnce(Hub, Recorded)) {
    // `tracing` asks the thread that comes to a span first whether anybody wants it: each needs a subscriber.
    with_default(Logged::default(), || with_recorder(test));
}

fn with_recorder(test: impl AsyncFnOnce(Hub, Recorded)) {
    let recorded = Recorded::default();
    with_local_recorder(&recorded.clone(), || {
        let hub = Hub::builder()
            .clock(Clock::manual())
            .retain(Retention::default().count(3))
            .lag_limit(LagLimit::default().entries(4))
            .build();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(test(hub, recorded));
    });
}

async fn publish(hub: &Hub, times: usize) -> EventId {
    let mut id = EventId::default();
    for _ in 0..times {
        id = hub.publish("a", Event::new("x")).await.unwrap().id();
    }
    id
}

/// A subscription that has its opening.
async fn opened(hub: &Hub) -> Subscription {
    let mut subscription = hub.subscribe("a").await.unwrap();
    shared::ready_text(&mut subscription);
    subscription
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
fn what_is_published_delivered_and_held_is_counted() {
    with_hub(async |hub, recorded| {
        let subscriptions = [opened(&hub).await, opened(&hub).await];
        publish(&hub, 2).await;
        let [mut reads, waits] = subscriptions;
        let batch = shared::poll(&mut reads);
        hub.maintain();
        let memory = hub.memory();
        assert_eq!(recorded.counter("published_total namespace=main"), 2);
        assert_eq!(recorded.counter("delivered_total namespace=main"), 2);
        for (gauge, expected) in [
            ("subscribers", 2.0),
            ("lag_entries", 2.0),
            ("retained_bytes", memory.retained as f64),
            ("pinned_bytes", memory.pinned as f64),
            ("index_bytes", memory.index as f64),
        ] {
            let is = recorded.gauge(gauge);
            assert!(
                (is - expected).abs() < 0.5 && is > 0.0,
                "{gauge}: {is}, not {expected}"
            );
        }
        drop((batch, reads, waits));
        hub.maintain();
        for gauge in ["subscribers", "lag_entries", "pinned_bytes"] {
            assert!(recorded.gauge(gauge).abs() < 0.5, "{gauge}");
        }
    });
}

#[test]
fn resumes_are_counted_by_result_and_gaps_by_reason() {
    with_hub(async |hub, recorded| {
        let old = publish(&hub, 1).await;
        let recent = publish(&hub, 4).await;
        let elsewhere: EventId = "k3v9x0qa-1-7c21ab04".try_into().unwrap();
        for id in [None, Some(recent), Some(old), Some(elsewhere)] {
            drop(hub.subscribe("a").after(id).await.unwrap());
        }
        let mut skipping = hub.subscribe("a").lagging(Lagging::Skip).await.unwrap();
        publish(&hub, 6).await;
        shared::ready_text(&mut skipping);
        let counts = [
            ("resumes_total namespace=main result=fresh", 2),
            ("resumes_total namespace=main result=complete", 1),
            ("resumes_total namespace=main result=gap", 2),
            ("gaps_total namespace=main reason=expired", 1),
            ("gaps_total namespace=main reason=epoch", 1),
            ("gaps_total namespace=main reason=slow", 1),
        ];
        for (name, count) in counts {
            assert_eq!(recorded.counter(name), count, "{name}");
        }
    });
}

#[test]
fn laggards_are_counted_by_policy() {
    with_hub(async |hub, recorded| {
        let subscribe = || hub.subscribe("a").from(Start::Latest);
        let _skipping = subscribe().lagging(Lagging::Skip).await.unwrap();
        let _ends = subscribe().await.unwrap();
        publish(&hub, 5).await;
        for policy in ["skip", "disconnect"] {
            let name = format!("lagging_total namespace=main policy={policy}");
            assert_eq!(recorded.counter(&name), 1, "{policy}");
        }
    });
}

#[test]
fn a_batch_over_the_limit_is_one_skip() {
    with_hub(async |hub, recorded| {
        let mut skipping = hub.subscribe("a").lagging(Lagging::Skip).await.unwrap();
        shared::ready_text(&mut skipping);
        let parts: Vec<_> = (0..10).map(|_| hub.publish("a", Event::new("x"))).collect();
        hub.publish_batch(parts).await.unwrap();
        let name = "lagging_total namespace=main policy=skip";
        assert_eq!(recorded.counter(name), 1);
        let text = shared::ready_text(&mut skipping);
        assert_eq!(text.matches("hub.gap").count(), 1, "{text}");
        // It is looked at again.
        publish(&hub, 5).await;
        assert_eq!(recorded.counter(name), 2);
    });
}

/// Keeps the fields of spans and warnings.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<HashMap<&'static str, String>>>>);

struct Fields(HashMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Logged {
    fn keep(&self, kind: &'static str, visit: impl FnOnce(&mut Fields)) {
        let mut fields = Fields(HashMap::from([("kind", kind.to_owned())]));
        visit(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
}

impl Subscriber for Logged {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("sse_hub")
            && (metadata.is_span() || *metadata.level() == Level::WARN)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.keep(span.metadata().name(), |fields| span.record(fields));
        Id::from_u64(1)
    }

    fn event(&self, event: &tracing::Event<'_>) {
        self.keep("warning", |fields| event.record(fields));
    }

    fn record(&self, _: &Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_publication_is_a_span_and_a_warning_names_who_lags() {
    let logged = Logged::default();
    with_default(logged.clone(), || {
        with_recorder(async |hub, _| {
            let lagging = hub.subscribe("a").presence("ann", "").await.unwrap();
            publish(&hub, 5).await;
            let logged = logged.0.lock().unwrap();
            let of = |kind: &'static str| logged.iter().filter(move |it| it["kind"] == kind);
            assert_eq!(of("publish").count(), 5);
            assert!(of("publish").all(|it| it["namespace"] == "main"));
            let warnings: Vec<_> = of("warning").collect();
            assert_eq!(warnings.len(), 1, "{warnings:?}");
            for (field, value) in [
                ("namespace", "main".to_owned()),
                ("subscription", lagging.handle().id().to_string()),
                ("name", "ann".to_owned()),
                ("entries", "5".to_owned()),
                ("policy", "disconnect".to_owned()),
            ] {
                assert_eq!(warnings[0][field], value, "{field}");
            }
        });
    });
}

#[test]
fn a_namespace_has_its_own_figures() {
    with_hub(async |hub, recorded| {
        let other = hub.namespace("other").unwrap();
        publish(&other, 3).await;
        hub.shutdown(Duration::ZERO).await;
        assert_eq!(recorded.counter("published_total namespace=other"), 3);
        assert_eq!(recorded.counter("published_total namespace=main"), 0);
    });
}
