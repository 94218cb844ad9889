#![forbid(unsafe_code)]
//! A hub behind real sockets, and a network that fails between it and its viewers.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

mod log;
mod server;
mod viewer;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use log::Log;
use server::Server;
use sse_conformance::proxy::{Cut, Fault, Proxy};
use sse_hub::{Event, Hub, LagLimit, Lagging, Member, Retention, Topic};
use tokio::task::JoinHandle;
use viewer::{Told, Viewer, text_of};

async fn publish(hub: &Hub, number: u64, length: usize) {
    let event = Event::new(text_of(number, length));
    hub.publish("a", event).await.unwrap();
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn viewers(hub: &Hub) -> usize {
    hub.count(&Topic::try_from("a").unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_a_viewer_that_is_cut_off_anywhere_goes_on_after_the_last_whole_event() {
    const LAST: u64 = 2_000;
    let hub = Hub::new();
    let server = Server::start(&hub).await;
    let proxy = Proxy::start(server.address).unwrap();
    let mut viewer = Viewer::connect(proxy.address(), "/a/cut").await;
    // Never far ahead of the viewer, so that no connection gets most of it.
    let place = Arc::new(AtomicU64::new(0));
    let reached = Arc::clone(&place);
    let publisher = tokio::spawn(async move {
        for number in 1..=LAST {
            while number > reached.load(Ordering::Relaxed) + 64 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            publish(&hub, number, usize::try_from(number % 97).unwrap()).await;
        }
    });
    let (mut seen, mut cuts) = (0, 0);
    while seen < LAST {
        match viewer.next().await {
            Some(Told::Number(number)) => {
                assert_eq!(number, seen + 1);
                seen = number;
                place.store(seen, Ordering::Relaxed);
            }
            Some(other) => panic!("{other:?} after {seen}"),
            None => {
                cuts += 1;
                // Behind the head of the response, and anywhere in what follows.
                let fault = match cuts % 4 {
                    0 => Fault::Split(1 + cuts % 5),
                    _ => Fault::EndAfter(300 + cuts * 389 % 7_000),
                };
                proxy.set(fault);
                viewer.reconnect().await;
                if cuts % 4 == 0 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    proxy.cut(Cut::Reset);
                }
            }
        }
        if seen == 1 {
            proxy.cut(Cut::End);
        }
    }
    publisher.await.unwrap();
    assert!(cuts > 20, "{cuts} cuts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f3_a_server_that_is_replaced_under_load_tells_everyone_that_its_log_is_new() {
    const VIEWERS: usize = 30;
    let old = Hub::new();
    let server = Server::start(&old).await;
    let proxy = Proxy::start(server.address).unwrap();
    let mut all = Vec::new();
    for number in 0..VIEWERS {
        all.push(Viewer::connect(proxy.address(), &format!("/a/{number}")).await);
    }
    let load = |hub: Hub| -> JoinHandle<()> {
        tokio::spawn(async move {
            for number in 1.. {
                publish(&hub, number, 100).await;
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
        })
    };
    let publisher = load(old.clone());
    for viewer in &mut all {
        for number in 1..=20 {
            assert_eq!(viewer.next().await, Some(Told::Number(number)));
        }
    }
    let new = Hub::new();
    let replaced = Server::start(&new).await;
    publish(&new, 1, 100).await;
    proxy.redirect(replaced.address);
    publisher.abort();
    drop((server, old));
    proxy.cut(Cut::Reset);
    for viewer in &mut all {
        // What was on the way still counts, and then it is told before anything of the new log.
        while viewer.next().await.is_some() {}
        viewer.reconnect().await;
        assert_eq!(viewer.next().await, Some(Told::Gap("epoch".to_owned())));
        assert_eq!(viewer.next().await, Some(Told::Number(1)));
    }
    assert_eq!(viewers(&new), VIEWERS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f6_one_who_reads_a_kilobyte_a_second_is_named_and_nobody_else_notices() {
    const OTHERS: usize = 20;
    const LAST: u64 = 2_000;
    let log = Log::install();
    let limit = LagLimit::default().bytes(256 * 1024);
    let hub = Hub::builder().lag_limit(limit).build();
    let server = Server::start(&hub).await;
    let proxy = Proxy::start(server.address).unwrap();
    let mut slow = Viewer::connect(proxy.address(), "/a/snail").await;
    proxy.set(Fault::Throttle(1_000));
    let read: Vec<_> = (0..OTHERS).map(|_| Arc::new(AtomicU64::new(0))).collect();
    let mut others = Vec::new();
    for (number, read) in read.iter().enumerate() {
        let mut viewer = Viewer::connect(server.address, &format!("/a/other-{number}")).await;
        let read = Arc::clone(read);
        others.push(tokio::spawn(async move {
            for number in 1..=LAST {
                assert_eq!(viewer.next().await, Some(Told::Number(number)));
                read.store(number, Ordering::Relaxed);
            }
        }));
    }
    until("all have come", || viewers(&hub) == OTHERS + 1).await;
    for number in 1..=LAST {
        publish(&hub, number, 1_000).await;
        let near = |read: &Arc<AtomicU64>| read.load(Ordering::Relaxed) + 100 > number;
        until("the others keep up", || read.iter().all(near)).await;
    }
    for other in others {
        other.await.unwrap();
    }
    let lines = log.lines();
    let named = |line: &&String| line.contains("lagging") && line.contains("snail");
    assert_eq!(lines.iter().filter(named).count(), 1, "{lines:?}");
    assert!(
        !lines.iter().any(|line| line.contains("other-")),
        "{lines:?}"
    );
    let present = hub.presence(&Topic::try_from("a").unwrap());
    let is_snail = |it: &Member| it.presence.as_ref().is_some_and(|it| it.name == "snail");
    assert!(
        !present.iter().any(is_snail),
        "it is gone without being polled"
    );
    // It reads on from where it was, when it can.
    proxy.set(Fault::None);
    let mut seen = 0;
    while seen < LAST {
        match slow.next_over_connections().await {
            Told::Number(number) => {
                assert_eq!(number, seen + 1);
                seen = number;
            }
            Told::Close(reason) => assert!(reason.contains("slow"), "{reason}"),
            other => panic!("{other:?} after {seen}"),
        }
    }
    drop((slow, proxy));
    until("nothing is pinned", || {
        hub.maintain();
        hub.memory().pinned == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_one_behind_a_black_hole_is_freed_and_keep_alives_stay_on_time() {
    const QUIET: usize = 10;
    let interval = Duration::from_millis(300);
    let limit = LagLimit::default().time(Duration::from_secs(1));
    let hub = Hub::builder().keep_alive(interval).lag_limit(limit).build();
    let server = Server::start(&hub).await;
    let proxy = Proxy::start(server.address).unwrap();
    let gone = Viewer::connect(proxy.address(), "/a/gone").await;
    let mut watching = Vec::new();
    for number in 0..QUIET {
        let mut viewer = Viewer::connect(server.address, &format!("/quiet/{number}")).await;
        watching.push(tokio::spawn(async move {
            let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
            for _ in 0..12 {
                assert_eq!(viewer.next().await, Some(Told::KeepAlive));
                longest = longest.max(last.elapsed());
                last = Instant::now();
            }
            longest
        }));
    }
    until("all have come", || server.open() == QUIET + 1).await;
    proxy.set(Fault::BlackHole);
    let started = Instant::now();
    let publisher = {
        let hub = hub.clone();
        tokio::spawn(async move {
            for number in 1.. {
                publish(&hub, number, 4_000).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
    };
    until("the hub lets it go", || viewers(&hub) == 0).await;
    let (released, all) = (started.elapsed(), QUIET);
    // Sockets that are done watching go, too.
    until("its socket is freed", || server.open() <= all).await;
    let freed = started.elapsed();
    publisher.abort();
    let mut longest = Duration::ZERO;
    for watch in watching {
        longest = longest.max(watch.await.unwrap());
    }
    println!("released after {released:?}, freed after {freed:?}, longest silence {longest:?}");
    assert!(freed < Duration::from_secs(15), "{freed:?}");
    assert!(
        longest < interval + Duration::from_millis(1_500),
        "{longest:?}"
    );
    drop(gone);
}

/// Publishes a backlog as fast as it goes, and reads it in six places, coming again where a connection ends.
async fn flush(lagging: Lagging) -> Vec<Vec<Told>> {
    const VIEWERS: usize = 6;
    let hub = Hub::builder()
        .retain(Retention::default().count(100_000))
        .lag_limit(LagLimit::default().entries(2_000))
        .lagging(lagging)
        .build();
    let server = Server::start(&hub).await;
    let mut reading = Vec::new();
    for number in 0..VIEWERS {
        let mut viewer = Viewer::connect(server.address, &format!("/a/{number}")).await;
        reading.push(tokio::spawn(async move {
            let mut told = Vec::new();
            while told.last() != Some(&Told::Number(BACKLOG)) {
                told.push(viewer.next_over_connections().await);
            }
            told
        }));
    }
    until("all have come", || viewers(&hub) == VIEWERS).await;
    let started = Instant::now();
    for number in 1..=BACKLOG {
        let publish = hub.publish("a", Event::new(text_of(number, 0)));
        publish.key((number % KEYS).to_string()).await.unwrap();
    }
    println!("{BACKLOG} were published within {:?}", started.elapsed());
    let mut all = Vec::new();
    for read in reading {
        all.push(read.await.unwrap());
    }
    all
}

const BACKLOG: u64 = 50_000;
const KEYS: u64 = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f8_a_backlog_that_is_flushed_at_once_reaches_every_viewer_whole() {
    for told in flush(Lagging::Disconnect).await {
        let mut expected = 1;
        for it in told {
            match it {
                Told::Number(number) => {
                    assert_eq!(number, expected);
                    expected += 1;
                }
                Told::Close(_) => {}
                other => panic!("{other:?} before {expected}"),
            }
        }
        assert_eq!(expected, BACKLOG + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f8_a_backlog_is_conflated_by_key_or_a_gap_is_told() {
    for told in flush(Lagging::LatestPerKey).await {
        let (mut gaps, mut told_of_gap) = (0, false);
        // Numbers that were passed over, and have yet to be replaced by a later one of their key.
        let mut owed: HashMap<u64, u64> = HashMap::new();
        let mut last = 0;
        for it in told {
            match it {
                Told::Number(number) => {
                    assert!(number > last, "{number} came after {last}");
                    let passed = if told_of_gap {
                        number..number
                    } else {
                        last + 1..number
                    };
                    owed.extend(passed.map(|passed| (passed % KEYS, passed)));
                    told_of_gap = false;
                    owed.remove(&(number % KEYS));
                    last = number;
                }
                Told::Gap(_) => {
                    gaps += 1;
                    owed.clear();
                    told_of_gap = true;
                }
                Told::Close(_) | Told::KeepAlive => {}
            }
        }
        assert!(
            owed.is_empty(),
            "{gaps} gaps, and nothing replaced {owed:?}"
        );
    }
}
