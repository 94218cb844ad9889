use std::sync::Arc;
use std::time::Duration;

use sse_core::{Event, EventStream, KeepAlive, ZeroInterval};
use tokio::time::{Instant, advance, timeout};
use tokio_stream::StreamExt;

use crate::probe::{PENDING, Wakes, poll, script, sent};

type Item = Result<Event, &'static str>;

/// Takes frames until 100 seconds have passed, each with its second.
async fn timeline(keep_alive: KeepAlive, events_at: &[u64]) -> Vec<(u64, String)> {
    let (writer, stream) = script::<Item>();
    let mut body = EventStream::new(stream).keep_alive(keep_alive);
    let start = Instant::now();
    let end = start + Duration::from_secs(100);
    let mut frames = Vec::new();
    let mut events = events_at
        .iter()
        .map(|second| start + Duration::from_secs(*second))
        .peekable();
    loop {
        let pause = events.peek().copied().unwrap_or(end);
        match tokio::time::timeout_at(pause, body.next()).await {
            Ok(frame) => {
                let text = String::from_utf8(frame.unwrap().unwrap().to_vec()).unwrap();
                frames.push((start.elapsed().as_secs(), text));
            }
            Err(_) if events.next().is_some() => writer.write([Ok(Event::new("x"))]),
            Err(_) => return frames,
        }
    }
}

async fn check(keep_alive: KeepAlive, events_at: &[u64], expected: &[(u64, &str)]) {
    let frames = timeline(keep_alive, events_at).await;
    let frames: Vec<_> = frames
        .iter()
        .map(|(second, text)| (*second, text.as_str()))
        .collect();
    assert_eq!(frames, expected);
}

const EMPTY: &str = ":\n\n";
const X: &str = "data: x\n\n";

#[tokio::test(start_paused = true)]
async fn a_comment_is_sent_after_each_15_seconds_of_silence() {
    let seconds = [0, 15, 30, 45, 60, 75, 90].map(|second| (second, EMPTY));
    check(KeepAlive::default(), &[], &seconds).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_begins_a_new_silence() {
    let expected = [
        (0, EMPTY),
        (10, X),
        (24, X),
        (39, EMPTY),
        (50, X),
        (65, EMPTY),
        (80, EMPTY),
        (95, EMPTY),
    ];
    check(KeepAlive::default(), &[10, 24, 50], &expected).await;
}

#[tokio::test(start_paused = true)]
async fn the_interval_and_what_is_sent_can_be_set() {
    let fast = KeepAlive::every(Duration::from_secs(40)).unwrap();
    assert_eq!(fast.interval(), Some(Duration::from_secs(40)));
    let expected = [(0, EMPTY), (40, ": a\n: b\n\n"), (80, ": a\n: b\n\n")];
    check(fast.comment("a\nb"), &[], &expected).await;
    let event = KeepAlive::every_secs::<60>().event(Event::empty().id(7));
    check(event, &[], &[(0, EMPTY), (60, "id: 7\n\n")]).await;
    let nothing = KeepAlive::every_millis::<70_000>().event(Event::empty());
    check(nothing, &[], &[(0, EMPTY), (70, EMPTY)]).await;
}

#[tokio::test(start_paused = true)]
async fn without_keep_alive_silence_is_silent() {
    check(KeepAlive::off(), &[50], &[(0, EMPTY), (50, X)]).await;
    assert_eq!(KeepAlive::off().interval(), None);
    let longest = KeepAlive::every(Duration::MAX).unwrap();
    check(longest, &[50], &[(0, EMPTY), (50, X)]).await;
}

#[test]
fn an_interval_of_zero_is_refused() {
    let refused: ZeroInterval = KeepAlive::every(Duration::ZERO).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a keep-alive interval must be longer than zero"
    );
}

#[tokio::test(start_paused = true)]
async fn the_timer_moves_when_it_fires_not_at_each_event() {
    let wakes: Arc<Wakes> = Arc::default();
    let (writer, stream) = script::<Item>();
    let mut body = EventStream::new(stream);
    assert_eq!(poll(&mut body, &wakes), sent(EMPTY));
    assert_eq!(poll(&mut body, &wakes), PENDING);
    for _ in 0..14 {
        advance(Duration::from_secs(1)).await;
        writer.write([Ok(Event::new("x"))]);
        assert_eq!(wakes.take(), 1, "of the event");
        assert_eq!(poll(&mut body, &wakes), sent(X));
        assert_eq!(poll(&mut body, &wakes), PENDING);
    }
    advance(Duration::from_secs(2)).await;
    assert_eq!(wakes.take(), 1, "the timer still stands at 15 seconds");
    assert_eq!(poll(&mut body, &wakes), PENDING);
    assert_eq!(poll(&mut body, &wakes), PENDING);
    assert_eq!(wakes.take(), 0);
    advance(Duration::from_secs(14)).await;
    assert_eq!(
        wakes.take(),
        1,
        "now it stands 15 seconds after the last event"
    );
    assert_eq!(poll(&mut body, &wakes), sent(EMPTY));
}

#[test]
fn without_a_runtime_there_is_no_keep_alive_and_no_panic() {
    let (writer, stream) = script::<Item>();
    let mut body = EventStream::new(stream).keep_alive(KeepAlive::every_millis::<1>());
    let wakes = Arc::default();
    assert_eq!(poll(&mut body, &wakes), sent(EMPTY));
    let later = std::time::Instant::now() + Duration::from_millis(5);
    while std::time::Instant::now() < later {
        assert_eq!(poll(&mut body, &wakes), PENDING);
    }
    writer.write([Ok(Event::new("x"))]);
    assert_eq!(poll(&mut body, &wakes), sent(X));
}

#[test]
fn a_body_built_outside_a_runtime_has_its_keep_alive_inside() {
    let (_writer, stream) = script::<Item>();
    let mut body = EventStream::new(stream);
    assert_eq!(poll(&mut body, &Arc::default()), sent(EMPTY));
    assert_eq!(poll(&mut body, &Arc::default()), PENDING);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(async {
        let frame = timeout(Duration::from_secs(16), body.next()).await;
        assert_eq!(frame.unwrap().unwrap().unwrap(), EMPTY);
    });
}
