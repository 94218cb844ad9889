use super::*;
use crate::script::HookErrorKind;

/// Counts, and says how many there are.
const OCCUPANCY: &str = "local sse, sleep, n = require 'sse', require 'sleep', 0
    function subscribe(sub) if sub.req.id == 'slow' then sleep(50) end if sub.req.id == 'no' then return nil end n = n + 1 return sub end
    function unsubscribe(sub) n = n - 1 sse.publish({data = sub.req.id .. ' ' .. n}) end
    function shutdown(reason) sse.publish({data = reason .. ' ' .. n}) end";

#[tokio::test]
async fn unsubscribe_runs_once_for_each_that_was_accepted() {
    let bench = Bench::started(OCCUPANCY).await;
    let one = bench.subscribe("1").await;
    let two = bench.subscribe("2").await;
    drop(one);
    drop(two);
    assert_eq!(bench.until_published(2).await, ["1 1", "2 0"]);
    let refused = bench.script.subscribe(request("no")).await;
    assert!(matches!(refused, Ok(SubscribeVerdict::Reject)));
    bench.script.shutdown("signal").await;
    assert_eq!(bench.published(), ["1 1", "2 0", "signal 0"]);
}

#[tokio::test]
async fn a_client_that_leaves_during_subscribe_is_unsubscribed() {
    let bench = Bench::started(OCCUPANCY).await;
    let left = std::time::Duration::from_millis(10);
    let asked = bench.script.subscribe(request("slow"));
    assert!(tokio::time::timeout(left, asked).await.is_err());
    assert_eq!(bench.until_published(1).await, ["slow 0"]);
}

#[tokio::test]
async fn a_message_that_nobody_waits_for_is_abandoned() {
    let bench = Bench::started(
        "local lock, sleep = require('mutex')(), require 'sleep'
        function message(pub) lock(function() if pub.msg.data == 'wait' then sleep(math.huge) end end) return pub end",
    )
    .await;
    let (one, two) = (bench.subscribe("1").await, bench.subscribe("2").await);
    let gone = std::time::Duration::from_millis(20);
    let waiting = bench.deliver(Event::new("wait"), &one);
    assert!(tokio::time::timeout(gone, waiting).await.is_err());
    let delivered = bench.deliver(Event::new("d"), &two).await.unwrap();
    assert_eq!(delivered.as_deref(), Some("data: d\n\n"));
}

#[tokio::test]
async fn shutdown_comes_after_the_last_unsubscribe() {
    let bench = Bench::started(
        "local sse, sleep = require 'sse', require 'sleep'
        function unsubscribe(sub) sleep(30) sse.publish({data = sub.req.id}) end
        function shutdown(reason) sse.publish({data = reason}) end",
    )
    .await;
    let subscribers = [bench.subscribe("1").await, bench.subscribe("2").await];
    drop(subscribers);
    bench.script.shutdown("signal").await;
    let mut published = bench.published();
    assert_eq!(published.pop().as_deref(), Some("signal"));
    published.sort();
    assert_eq!(published, ["1", "2"]);
}

#[tokio::test]
async fn what_is_left_when_the_last_handle_goes_is_still_called() {
    let bench = Bench::started(OCCUPANCY).await;
    let host = Arc::clone(&bench.host);
    let subscriber = bench.subscribe("1").await;
    drop(bench);
    drop(subscriber);
    until(|| !host.0.lock().unwrap().is_empty()).await;
    assert_eq!(*host.0.lock().unwrap(), ["1 0"]);
}

#[tokio::test]
async fn who_was_accepted_with_what_cannot_be_kept_is_unsubscribed() {
    let text = "local sse, n = require 'sse', 0
        local ways = {
            key = function(sub) sub.x = print return sub end,
            topic = function(sub) return sub, {topics = {''}} end,
            none = function(sub) return sub, {topics = {}} end,
        }
        function subscribe(sub)
            n = n + 1
            return ways[sub.req.id](sub)
        end
        function unsubscribe(sub) n = n - 1 sse.publish({data = sub.req.id .. ' ' .. n}) end";
    let bench = Bench::started(text).await;
    for way in ["key", "topic", "none"] {
        let failed = bench.script.subscribe(request(way)).await.unwrap_err();
        assert_eq!(failed.kind(), HookErrorKind::Returned, "{way}");
    }
    let mut published = bench.until_published(3).await;
    assert!(published[2].ends_with(" 0"), "{published:?}");
    published.sort();
    let left = published.iter().map(|it| it.split(' ').next().unwrap());
    assert_eq!(left.collect::<Vec<_>>(), ["key", "none", "topic"]);
}
