use std::time::Duration;

use http::StatusCode;
use sse_client::{Backoff, ErrorKind, MemoryTransport, Reply, State};
use tokio::time::sleep;

use crate::scene::{exact, run, source};

const SECOND: Duration = Duration::from_secs(1);

/// Whether a first reply is given up after ten seconds of silence, and when the events have ended then.
#[track_caller]
fn check(reply: Reply, seconds: u64) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let transport = MemoryTransport::new().reply(reply);
        let mut events = source(&transport)
            .backoff(exact())
            .idle_timeout(SECOND * 10);
        let outcome = run(&mut events).await;
        assert_eq!(
            outcome.after,
            SECOND * u32::try_from(seconds).unwrap(),
            "{caller}"
        );
        assert_eq!(transport.requests().len(), 2, "{caller}");
        assert_eq!(transport.open_exchanges(), 0, "{caller}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_replaced() {
    check(Reply::silence(), 10 + 1).await;
    check(Reply::events().hang(), 10 + 1).await;
    check(Reply::events().after(SECOND * 9).hang(), 9 + 10 + 1).await;
    check(Reply::events().chunk("data: x\n\n").hang(), 10 + 1).await;
    // Any byte counts: comments, and those of an event that is not whole.
    let mut drip = Reply::events();
    for byte in [":", "\n", "d", "a", "t", "a", "\n", "\n"] {
        drip = drip.pause(SECOND * 9).chunk(byte);
    }
    check(drip, 8 * 9 + 1).await;
}

#[tokio::test(start_paused = true)]
async fn an_empty_chunk_is_no_byte() {
    let reply = (0..5).fold(Reply::events(), |reply, _| {
        reply.pause(SECOND * 9).chunk("")
    });
    check(reply.hang(), 10 + 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_a_sign_of_life() {
    let mut transport = MemoryTransport::new();
    for _ in 0..5 {
        let redirect = Reply::redirect(StatusCode::FOUND, "/next");
        transport = transport.reply(redirect.after(SECOND * 6));
    }
    let transport = transport.reply(Reply::events().chunk("data: x\n\n"));
    let mut events = source(&transport)
        .idle_timeout(SECOND * 10)
        .backoff(Backoff::never());
    let outcome = run(&mut events).await;
    assert_eq!((outcome.error, outcome.after), (None, SECOND * 30));
    assert_eq!(outcome.data, ["x"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_timeout_silence_is_borne() {
    let hour = Duration::from_secs(3600);
    let transport = MemoryTransport::new().reply(Reply::events().pause(hour).chunk("data: x\n\n"));
    let mut events = source(&transport);
    assert_eq!(events.next().await.unwrap().unwrap().data(), "x");
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_no_silent_server() {
    let reply = Reply::events()
        .chunk("data: 1\n\n")
        .pause(SECOND)
        .chunk("data: 2\n\n")
        .pause(SECOND)
        .chunk("data: 3\n\n")
        .hang();
    let transport = MemoryTransport::new().reply(reply);
    let mut events = source(&transport).idle_timeout(SECOND * 10);
    for data in ["1", "2", "3"] {
        assert_eq!(events.next().await.unwrap().unwrap().data(), data);
        sleep(SECOND * 60).await;
    }
    assert_eq!(transport.requests().len(), 1);
    let watch = events.state();
    assert!(events.next().await.is_none());
    assert!(matches!(watch.current(), State::Closed));
}

#[tokio::test(start_paused = true)]
async fn silence_is_the_cause_that_is_seen() {
    let transport = MemoryTransport::new().reply(Reply::events().hang());
    let mut events = source(&transport).idle_timeout(SECOND);
    let mut watch = events.state();
    let reading = tokio::spawn(async move { events.next().await.is_none() });
    let cause = loop {
        match watch.changed().await.unwrap() {
            State::Waiting { cause, .. } => break cause,
            State::Closed => panic!("closed"),
            _ => {}
        }
    };
    assert_eq!(cause.kind(), ErrorKind::IdleTimeout);
    assert!(reading.await.unwrap());
}
