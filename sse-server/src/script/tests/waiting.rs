use std::time::Duration;

use sse_core::Event;

use super::*;
use crate::script::HookErrorKind;

#[tokio::test(start_paused = true)]
async fn a_timeout_hook_that_waits_is_not_waited_for() {
    let bench = Bench::new(
        "local sleep = require 'sleep'
        function timeout(sub) sleep(math.huge) end",
    )
    .await;
    let subscriber = bench.subscribe("s").await;
    let began = tokio::time::Instant::now();
    let hour = Duration::from_secs(3600);
    let retry = tokio::time::timeout(hour, bench.script.timeout(&subscriber, 1)).await;
    assert_eq!(retry, Ok(None));
    assert_eq!(began.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn a_request_that_would_wait_too_long_for_its_hook_is_refused() {
    let text = "function publish(pub) return pub end
        function catchup(sub) return {} end
        function message(pub) return pub end
        function timeout(sub) return 7 end";
    let no_patience = |config: ScriptConfig| config.patience(Duration::ZERO);
    let bench = Bench::with(text, no_patience).await;
    let subscriber = bench.subscribe("s").await;
    let published = bench.publish(Event::new("d")).await.unwrap_err();
    assert_eq!(published.kind(), HookErrorKind::Unavailable);
    let caught_up = bench.script.catchup(&subscriber, None).await.unwrap_err();
    assert_eq!(caught_up.kind(), HookErrorKind::Unavailable);
    // Those who are connected are not refused: the limits of lagging hold for them.
    let publication = Publication::new(request("p"), Event::new("d").into());
    let delivered = bench.script.message(vec![publication], &subscriber).await;
    assert!(delivered[0].is_ok());
    assert_eq!(bench.script.timeout(&subscriber, 1).await, Some(7));
    let bench = Bench::with("function subscribe(sub) return sub end", no_patience).await;
    let refused = bench.script.subscribe(request("s")).await.unwrap_err();
    assert_eq!(refused.kind(), HookErrorKind::Unavailable);
}
