use std::time::Duration;

use sse_client::{Backoff, EventSource, Jitter, State};
use sse_conformance::client::Answer;

use crate::{client, quick, server, soon};

/// The delays that are waited, one for each response that ends.
async fn delays(script: Vec<Answer>) -> Vec<Duration> {
    delays_with(quick(), script).await
}

async fn delays_with(backoff: Backoff, script: Vec<Answer>) -> Vec<Duration> {
    delays_of(|events| events.backoff(backoff), script).await
}

async fn delays_of(
    set: impl FnOnce(EventSource) -> EventSource,
    script: Vec<Answer>,
) -> Vec<Duration> {
    let times = script.len();
    let server = server(script);
    let mut events = set(client(&server));
    let mut state = events.state();
    let watching = tokio::spawn(async move {
        let mut delays = Vec::new();
        while delays.len() < times {
            match state.changed().await {
                Some(State::Waiting { delay, .. }) => delays.push(delay),
                Some(_) => {}
                None => break,
            }
        }
        delays
    });
    let reading = tokio::spawn(async move { while events.next().await.is_some() {} });
    let delays = soon(watching).await.unwrap();
    reading.abort();
    delays
}

#[tokio::test]
async fn retry_alone_is_obeyed_and_outlives_connections() {
    let script = vec![
        Answer::events("retry: 20\n\n"),
        Answer::events("data: x\n\n"),
        Answer::status(503),
    ];
    for delay in delays(script).await {
        assert!(delay >= Duration::from_millis(20), "{delay:?}");
    }
}

#[tokio::test]
async fn retry_0_is_no_less_than_the_floor() {
    let script = vec![Answer::events("retry: 0\ndata: x\n\n"); 4];
    for delay in delays(script).await {
        assert!(delay >= Duration::from_millis(2), "{delay:?}");
    }
    assert_eq!(sse_client::Backoff::new().floor, Duration::from_millis(100));
}

#[tokio::test]
async fn unlike_a_browser_a_server_that_accepts_and_closes_is_asked_ever_more_slowly() {
    let backoff = quick().multiplier(3.0).max(Duration::from_secs(1));
    let script = vec![Answer::events("data: x\n\n"); 4];
    let delays = delays_with(backoff, script).await;
    assert_eq!(delays, [2, 6, 18, 54].map(Duration::from_millis));
}

#[tokio::test]
async fn a_connection_that_was_healthy_begins_the_delays_anew() {
    let backoff = quick().multiplier(3.0).healthy_after(Duration::ZERO);
    let script = vec![Answer::events("data: x\n\n"); 3];
    let delays = delays_with(backoff, script).await;
    assert_eq!(delays, [2, 2, 2].map(Duration::from_millis));
}

#[tokio::test]
async fn a_retry_that_is_no_number_is_ignored() {
    for retry in ["soon", "-1", "+5000", "5 000", "5e3", ""] {
        let script = vec![Answer::events(format!("retry: {retry}\n\n"))];
        let delays = delays(script).await;
        assert!(delays[0] < Duration::from_secs(1), "{retry:?} {delays:?}");
    }
}

#[tokio::test]
async fn a_long_retry_wins_over_the_longest_delay() {
    let script = vec![Answer::events("retry: 3600000\n\n")];
    assert!(delays(script).await[0] >= Duration::from_secs(3600));
}

#[tokio::test]
async fn delays_are_drawn_between_the_reconnection_time_and_a_bound_that_grows() {
    let script = || vec![Answer::events("retry: 4\n\n"), Answer::status(503)];
    let backoff = quick().max(Duration::from_millis(12)).jitter(Jitter::Full);
    for (random, milliseconds) in [(0.0, [4, 4]), (0.5, [6, 8]), (1.0, [8, 12])] {
        let set = |events: EventSource| events.backoff(backoff).random(move || random);
        let delays = delays_of(set, script()).await;
        assert_eq!(delays, milliseconds.map(Duration::from_millis), "{random}");
    }
    let none = backoff.jitter(Jitter::None);
    let delays = delays_with(none, script()).await;
    assert_eq!(delays, [4, 8].map(Duration::from_millis), "it can be off");
}

#[tokio::test]
async fn two_clients_that_lose_a_server_do_not_come_back_at_once() {
    let wide = quick()
        .max(Duration::from_secs(3600))
        .multiplier(1e6)
        .jitter(Jitter::Full);
    let lost = || delays_with(wide, vec![Answer::nothing().reset()]);
    let (one, other) = (lost().await, lost().await);
    assert_ne!(one, other);
}
