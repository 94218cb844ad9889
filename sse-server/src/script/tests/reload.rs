use sse_core::Event;

use super::*;
use crate::script::{Hook, ScriptErrorKind};

#[tokio::test]
async fn a_reload_carries_connections_over() {
    let text = |name: &str| {
        format!(
            "local sse, n, tag = require 'sse', 0, '{name}'
            function startup(cli) sse.publish({{data = tag .. ' startup ' .. tostring(cli.reload)}}) end
            function subscribe(sub)
                n = n + 1
                if sub.reloaded then sse.publish({{data = tag .. ' again ' .. sub.req.id .. sub.name}}) end
                sub.name = tag
                return sub
            end
            function message(pub, sub) pub.msg.data = tag .. sub.name .. n .. tostring(sub.reloaded) return pub end
            function unsubscribe(sub) n = n - 1 sse.publish({{data = tag .. ' left ' .. sub.req.id .. ' ' .. n}}) end
            function shutdown(reason) sse.publish({{data = tag .. ' shutdown ' .. reason .. ' ' .. n}}) end"
        )
    };
    let bench = Bench::started(&text("a")).await;
    let (one, two) = (bench.subscribe("1").await, bench.subscribe("2").await);
    bench.rewrite(&text("b"));
    assert_eq!(bench.script.reload().await.unwrap(), 2);
    let published = bench.until_published(5).await;
    assert_eq!(published[..2], ["a startup nil", "b startup 1"]);
    let mut rest = published[2..].to_vec();
    rest.sort();
    assert_eq!(rest, ["a shutdown reload 2", "b again 1a", "b again 2a"]);
    let delivered = bench.deliver(Event::new("d"), &one).await.unwrap();
    assert_eq!(delivered.as_deref(), Some("data: ba2nil\n\n"));
    drop((one, two));
    assert_eq!(
        bench.until_published(7).await[5..],
        ["b left 1 1", "b left 2 0"]
    );
}

#[tokio::test]
async fn a_broken_script_leaves_the_old_one() {
    let bench = Bench::started("function publish(pub) pub.msg.data = 'old' return pub end").await;
    for (text, kind) in [
        ("x = = 1", ScriptErrorKind::Load),
        ("error('x')", ScriptErrorKind::Load),
        (
            "function startup() error('x') end",
            ScriptErrorKind::Startup,
        ),
    ] {
        bench.rewrite(text);
        assert_eq!(
            bench.script.reload().await.unwrap_err().kind(),
            kind,
            "{text}"
        );
        assert_eq!(bench.script.health().generation, 1);
        assert_eq!(
            verdict(bench.publish(Event::new("d")).await),
            "data: old\n\n"
        );
    }
    bench.rewrite("function message(pub) return pub end");
    assert_eq!(bench.script.reload().await.unwrap(), 2);
    assert!(bench.script.defines(Hook::Message));
    assert!(!bench.script.defines(Hook::Publish));
}

#[tokio::test]
async fn a_start_up_that_does_not_end_leaves_the_old_one() {
    let text = "function publish(pub) pub.msg.data = 'old' return pub end";
    let limit = std::time::Duration::from_millis(20);
    let bench = Bench::with(text, |config| config.time_limit(Some(limit))).await;
    bench.script.startup(CliTable::new()).await.unwrap();
    for text in [
        "while true do end",
        "function startup() while true do end end",
    ] {
        bench.rewrite(text);
        let error = bench.script.reload().await.unwrap_err().to_string();
        assert!(error.contains("too long"), "{error}");
        assert_eq!(
            verdict(bench.publish(Event::new("d")).await),
            "data: old\n\n"
        );
    }
}

#[tokio::test]
async fn a_reload_waits_for_a_start_up() {
    let text = |name: &str| {
        format!(
            "local sse, sleep = require 'sse', require 'sleep'
            function startup(cli) sleep(50) sse.publish({{data = '{name} ' .. tostring(cli.reload)}}) end
            function tick(n) if '{name}' == 'b' and n == 1 then sse.publish({{data = 'tick'}}) end end"
        )
    };
    let bench = Bench::new(&text("a")).await;
    bench.rewrite(&text("b"));
    // The start-up is asked for first.
    let (started, reloaded) =
        tokio::join!(bench.script.startup(CliTable::new()), bench.script.reload());
    started.unwrap();
    assert_eq!(reloaded.unwrap(), 2);
    assert_eq!(bench.until_published(3).await, ["a nil", "b 1", "tick"]);
}

#[tokio::test]
async fn a_generation_whose_subscribe_waits_holds_up_no_other() {
    let bench = Bench::started("function subscribe(sub) return sub end").await;
    let mut subscribers = Vec::new();
    for id in 0..100 {
        subscribers.push(bench.subscribe(&id.to_string()).await);
    }
    bench.rewrite(
        "local sleep = require 'sleep'
        function subscribe(sub) if sub.reloaded then sleep(math.huge) end return sub end",
    );
    let limit = std::time::Duration::from_secs(10);
    let reload = async || {
        tokio::time::timeout(limit, bench.script.reload())
            .await
            .unwrap()
    };
    assert_eq!(reload().await.unwrap(), 2);
    assert_eq!(reload().await.unwrap(), 3);
}

#[tokio::test]
async fn a_generation_is_told_of_many_connections_at_a_time() {
    let text = "local n, sleep = 0, require 'sleep'
        function subscribe(sub) if sub.reloaded then sleep(300) end n = n + 1 return sub end
        function publish(pub) pub.msg.data = n return pub end";
    let bench = Bench::started(text).await;
    let mut subscribers = Vec::new();
    for id in 0..100 {
        subscribers.push(bench.subscribe(&id.to_string()).await);
    }
    let began = std::time::Instant::now();
    bench.script.reload().await.unwrap();
    while bench
        .accepted(Event::new("n"))
        .await
        .message()
        .data
        .as_deref()
        != Some("100")
    {}
    // One after another it would be thirty seconds.
    assert!(began.elapsed() < std::time::Duration::from_secs(15));
}

#[tokio::test]
async fn who_a_generation_could_not_be_told_of_is_not_counted_out_of_it() {
    let text = |reloaded: &str| {
        format!(
            "local sse, n = require 'sse', 0
            function subscribe(sub)
                if sub.reloaded and sub.req.id == 'a' then {reloaded} end
                n = n + 1
                return sub
            end
            function unsubscribe(sub) n = n - 1 sse.publish({{data = sub.req.id .. ' ' .. n}}) end"
        )
    };
    let bench = Bench::started(&text("")).await;
    let (a, b) = (bench.subscribe("a").await, bench.subscribe("b").await);
    bench.rewrite(&text("error('no')"));
    bench.script.reload().await.unwrap();
    drop(a);
    let c = bench.subscribe("c").await;
    drop(b);
    assert_eq!(bench.until_published(1).await, ["b 1"]);
    drop(c);
    assert_eq!(bench.until_published(2).await, ["b 1", "c 0"]);
}

#[tokio::test]
async fn hooks_in_flight_end_where_they_began() {
    let text = |name: &str| {
        format!(
            "local sse, sleep, n = require 'sse', require 'sleep', 0
            function publish(pub) if pub.msg.data == 'slow' then sleep(100) end pub.msg.data = '{name}' return pub end
            function subscribe(sub) if sub.req.id == 'slow' then sleep(100) end n = n + 1 return sub end
            function unsubscribe(sub) n = n - 1 sse.publish({{data = '{name}' .. n}}) end
            function shutdown() sse.publish({{data = 'end of {name}'}}) end"
        )
    };
    let bench = Bench::started(&text("a")).await;
    let slow = async {
        let verdict = bench.publish(Event::new("slow")).await;
        super::verdict(verdict)
    };
    let subscribing = bench.subscribe("slow");
    let reload = async {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        bench.rewrite(&text("b"));
        bench.script.reload().await.unwrap();
        verdict(bench.publish(Event::new("quick")).await)
    };
    let (slow, subscriber, quick) = tokio::join!(slow, subscribing, reload);
    assert_eq!((&*slow, &*quick), ("data: a\n\n", "data: b\n\n"));
    drop(subscriber);
    let mut published = bench.until_published(2).await;
    published.sort();
    assert_eq!(published, ["b0", "end of a"]);
}

#[tokio::test]
async fn a_reload_waits_until_what_was_accepted_is_in_the_log() {
    let text = |name: &str| format!("function publish(pub) pub.msg.data = '{name}' return pub end");
    let bench = Bench::started(&text("a")).await;
    let accepted = bench.publish(Event::new("d")).await;
    bench.rewrite(&text("b"));
    let script = bench.script.clone();
    let reloading = tokio::spawn(async move { script.reload().await });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(bench.script.health().generation, 1);
    drop(accepted);
    assert_eq!(reloading.await.unwrap().unwrap(), 2);
}

#[tokio::test]
async fn a_hundred_reloads_under_load_keep_order_and_counts() {
    let text = |generation: usize| {
        format!(
            "local n = 0
            function publish(pub) pub.msg.data = '{generation}' return pub end
            function subscribe(sub) n = n + 1 return sub end
            function unsubscribe(sub) n = n - 1 end
            function catchup() return {{{{data = tostring(n)}}}} end"
        )
    };
    let bench = Arc::new(Bench::started(&text(0)).await);
    let log = Arc::new(Mutex::new(Vec::new()));
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut load = Vec::new();
    for publisher in 0..4 {
        let (bench, log, stop) = (Arc::clone(&bench), Arc::clone(&log), Arc::clone(&stop));
        load.push(tokio::spawn(async move {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let subscriber = bench.subscribe(&format!("s{publisher}")).await;
                let verdict = bench.publish(Event::new("d")).await;
                tokio::task::yield_now().await;
                let Ok(PublishVerdict::Accept {
                    publication,
                    permit,
                    ..
                }) = verdict
                else {
                    panic!("{verdict:?}");
                };
                let data = publication.message().data.clone().unwrap();
                log.lock().unwrap().push(data.parse::<usize>().unwrap());
                drop(permit);
                drop(subscriber);
            }
        }));
    }
    let mut steady = vec![bench.subscribe("steady").await];
    until(|| !log.lock().unwrap().is_empty()).await;
    for generation in 1..=100 {
        let seen = log.lock().unwrap().len();
        if generation % 10 == 0 {
            bench.rewrite("broken(");
            assert!(bench.script.reload().await.is_err());
        } else {
            bench.rewrite(&text(generation));
            bench.script.reload().await.unwrap();
        }
        steady.push(bench.subscribe("steady").await);
        until(|| log.lock().unwrap().len() > seen + 8).await;
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    for task in load {
        task.await.unwrap();
    }
    let log = log.lock().unwrap().clone();
    assert!(log.is_sorted());
    let mut generations = log;
    generations.dedup();
    let good: Vec<_> = (0..=100).filter(|it| it % 10 != 0 || *it == 0).collect();
    assert_eq!(generations, good);
    // The last generation is told of all of them meanwhile.
    let counted = async {
        loop {
            let counted = bench.catchup(&steady[0], None).await;
            if counted[0].data.as_deref() == Some("101") {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.unwrap();
}

#[tokio::test]
async fn the_store_survives_a_reload_and_globals_do_not() {
    let text = "local kv = require 'kv'
        n = (n or 0) + 1
        function publish(pub) pub.msg.data = kv.incr('n') .. ' ' .. n return pub end";
    let bench = Bench::started(text).await;
    assert_eq!(
        verdict(bench.publish(Event::new("d")).await),
        "data: 1 1\n\n"
    );
    bench.script.reload().await.unwrap();
    assert_eq!(
        verdict(bench.publish(Event::new("d")).await),
        "data: 2 1\n\n"
    );
}
