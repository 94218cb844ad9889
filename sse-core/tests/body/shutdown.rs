use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use sse_core::{EndReason, Event, EventStream, Shutdown};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_stream::StreamExt;

use crate::probe::{Ends, OVER, PENDING, Wakes, items, poll, script, sent, sized};

type Item = Result<Event, &'static str>;

#[test]
fn a_trigger_wakes_and_ends_the_stream() {
    let (writer, stream) = script::<Item>();
    let shutdown = Shutdown::new();
    let ends = Ends::default();
    let mut body = EventStream::new(stream)
        .shutdown(shutdown.signal())
        .on_end(ends.handler());
    let wakes: Arc<Wakes> = Arc::default();
    writer.write([Ok(Event::new("a"))]);
    assert_eq!(poll(&mut body, &wakes), sent("data: a\n\n"));
    assert_eq!(poll(&mut body, &wakes), PENDING);
    assert_eq!(wakes.take(), 0);
    shutdown.trigger();
    shutdown.clone().trigger();
    assert_eq!(wakes.take(), 1);
    writer.write([Ok(Event::new("late"))]);
    assert_eq!(poll(&mut body, &wakes), OVER);
    assert!(writer.is_dropped());
    ends.assert(EndReason::Shutdown, 1);
}

#[test]
fn a_stream_that_begins_after_the_trigger_is_not_polled() {
    let (writer, stream) = script::<Item>();
    let shutdown = Shutdown::new();
    shutdown.trigger();
    let mut body = EventStream::new(stream).shutdown(shutdown.signal());
    assert_eq!(poll(&mut body, &Arc::default()), sent(":\n\n"));
    assert_eq!(poll(&mut body, &Arc::default()), OVER);
    assert_eq!(writer.polls(), 0);
}

#[test]
fn any_future_is_a_signal() {
    let (_writer, stream) = script::<Item>();
    let mut body = EventStream::new(stream).shutdown(ready(()));
    assert_eq!(poll(&mut body, &Arc::default()), sent(":\n\n"));
    assert_eq!(poll(&mut body, &Arc::default()), OVER);
}

#[test]
fn what_was_taken_from_the_stream_is_sent_before_the_end() {
    let shutdown = Shutdown::new();
    let [small, large] = [sized(9), sized(4096)];
    let events = [small.clone(), large.clone(), sized(10)];
    let mut body = EventStream::new(items(events.map(Ok::<_, &str>))).shutdown(shutdown.signal());
    assert_eq!(poll(&mut body, &Arc::default()), sent(small.as_bytes()));
    shutdown.trigger();
    assert_eq!(poll(&mut body, &Arc::default()), sent(large.as_bytes()));
    assert_eq!(poll(&mut body, &Arc::default()), OVER);
}

#[test]
fn the_last_word_is_a_retry_from_the_range_if_asked() {
    let mut drawn = std::collections::HashSet::new();
    for _ in 0..50 {
        let shutdown = Shutdown::new();
        let ends = Ends::default();
        let mut body = EventStream::new(tokio_stream::pending::<Item>())
            .shutdown(shutdown.signal())
            .retry_on_shutdown(Duration::from_secs(1)..=Duration::from_secs(9))
            .on_end(ends.handler());
        assert_eq!(poll(&mut body, &Arc::default()), sent(":\n\n"));
        shutdown.trigger();
        let std::task::Poll::Ready(Some(Ok(last))) = poll(&mut body, &Arc::default()) else {
            panic!("no last word");
        };
        let last = str::from_utf8(&last).unwrap();
        let millis = last
            .strip_prefix("retry: ")
            .unwrap()
            .strip_suffix("\n\n")
            .unwrap();
        let millis: u64 = millis.parse().unwrap();
        assert!((1000..=9000).contains(&millis), "{millis}");
        drawn.insert(millis);
        assert_eq!(poll(&mut body, &Arc::default()), OVER);
        ends.assert(EndReason::Shutdown, 0);
    }
    assert!(drawn.len() > 10, "the draws are spread: {drawn:?}");
}

#[tokio::test(start_paused = true)]
async fn it_is_drained_when_the_last_stream_is_dropped_after_the_trigger() {
    let shutdown = Shutdown::new();
    let body = |shutdown: &Shutdown| {
        EventStream::new(tokio_stream::pending::<Item>()).shutdown(shutdown.signal())
    };
    let mut first = body(&shutdown);
    let second = body(&shutdown);
    drop(body(&shutdown));
    let waiting = timeout(Duration::from_secs(60), shutdown.drained());
    waiting.await.expect_err("it is not triggered");
    shutdown.trigger();
    while first.next().await.is_some() {}
    let waiting = timeout(Duration::from_secs(60), shutdown.drained());
    waiting.await.expect_err("both streams are held");
    drop(first);
    let drained = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { shutdown.drained().await }
    });
    tokio::task::yield_now().await;
    assert!(!drained.is_finished());
    drop(second);
    drained.await.unwrap();
    shutdown.drained().await;
}

#[tokio::test(start_paused = true)]
async fn a_handle_without_streams_is_drained_by_its_trigger() {
    let shutdown = Shutdown::default();
    let drained = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { shutdown.drained().await }
    });
    tokio::task::yield_now().await;
    assert!(!drained.is_finished());
    shutdown.trigger();
    drained.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thousands_of_streams_on_several_threads_all_end() {
    let shutdown = Shutdown::new();
    let mut tasks = JoinSet::new();
    for number in 0..2000 {
        let signal = shutdown.signal();
        let trigger = shutdown.clone();
        tasks.spawn(async move {
            let mut body = EventStream::new(tokio_stream::pending::<Item>()).shutdown(signal);
            while let Some(frame) = body.next().await {
                frame.unwrap();
                if number == 1500 {
                    trigger.trigger();
                }
            }
        });
    }
    timeout(Duration::from_secs(60), shutdown.drained())
        .await
        .unwrap();
    tasks.join_all().await;
}

#[test]
fn a_signal_that_moves_to_another_task_wakes_that_one() {
    let shutdown = Shutdown::new();
    let mut body = EventStream::new(tokio_stream::pending::<Item>()).shutdown(shutdown.signal());
    let [before, after]: [Arc<Wakes>; 2] = Default::default();
    assert_eq!(poll(&mut body, &before), sent(":\n\n"));
    assert_eq!(poll(&mut body, &before), PENDING);
    assert_eq!(poll(&mut body, &after), PENDING);
    shutdown.trigger();
    assert_eq!((before.take(), after.take()), (0, 1));
}
