use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use sse_client::{
    Backoff, BoxFuture, ErrorKind, EventSource, MemoryTransport, Reply, RequestBody, ResponseBody,
    Transport, TransportError,
};
use tokio::time::Instant;

use crate::scene::{URL, exact, request, run, source};

/// Replies that fail, and the seconds at which the requests after them come.
#[track_caller]
fn check(
    backoff: Backoff,
    replies: Vec<Reply>,
    seconds: &'static [u64],
) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let mut transport = MemoryTransport::new();
        for reply in replies {
            transport = transport.reply(reply);
        }
        let outcome = run(&mut source(&transport).backoff(backoff)).await;
        assert_eq!(
            outcome.after,
            Duration::from_secs(seconds.iter().sum()),
            "{caller}"
        );
        assert_eq!(transport.requests().len(), seconds.len() + 1, "{caller}");
    }
}

fn empty(times: usize) -> Vec<Reply> {
    (0..times).map(|_| Reply::events()).collect()
}

#[tokio::test(start_paused = true)]
async fn delays_grow_until_a_connection_was_healthy() {
    check(exact(), empty(7), &[1, 2, 4, 8, 16, 30, 30]).await;
    // A server that accepts and closes at once, or soon, is asked ever more slowly.
    let soon = || {
        Reply::events()
            .chunk("data: x\n\n")
            .pause(Duration::from_secs(1))
    };
    check(
        exact(),
        (0..3).map(|_| soon()).collect(),
        &[1 + 1, 1 + 2, 1 + 4],
    )
    .await;
    let mut replies = empty(2);
    replies.push(Reply::events().pause(Duration::from_secs(60)));
    replies.extend(empty(1));
    check(exact(), replies, &[1, 2, 60 + 1, 2]).await;
    let mut replies = empty(2);
    replies.push(Reply::events().pause(Duration::from_secs(59)));
    check(exact(), replies, &[1, 2, 59 + 4]).await;
}

#[tokio::test(start_paused = true)]
async fn the_reconnection_time_persists() {
    let replies = vec![
        Reply::events().chunk("retry: 3000\n\n"),
        Reply::events()
            .chunk("data: x\n\n")
            .pause(Duration::from_secs(60)),
        Reply::refused("refused"),
        Reply::status(StatusCode::BAD_GATEWAY),
        Reply::events().chunk("retry: 40000\n\nretry: x\n\n"),
        Reply::events(),
    ];
    // It wins over the longest delay, too.
    check(exact(), replies, &[3, 60 + 3, 6, 12, 40, 40]).await;
}

#[tokio::test(start_paused = true)]
async fn retries_are_exhausted_with_the_last_failure_as_source() {
    let transport = MemoryTransport::answering(|_| Reply::status(StatusCode::BAD_GATEWAY));
    let mut events = source(&transport).backoff(exact().max_retries(2));
    let start = Instant::now();
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(1 + 2));
    assert_eq!(error.kind(), ErrorKind::RetriesExhausted);
    assert_eq!(
        error.cause().unwrap().status(),
        Some(StatusCode::BAD_GATEWAY)
    );
    assert_eq!(
        error.source().unwrap().to_string(),
        "status must be 200, and is 502 Bad Gateway"
    );

    let mut events = source(&transport).backoff(exact().max_elapsed(Duration::from_secs(10)));
    let start = Instant::now();
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(1 + 2 + 4));
    assert_eq!(error.kind(), ErrorKind::RetriesExhausted);
}

#[tokio::test(start_paused = true)]
async fn the_last_refusal_can_be_read_when_no_other_attempt_follows() {
    let refusal = || Reply::status(StatusCode::TOO_MANY_REQUESTS).chunk("no quota");
    let transport = MemoryTransport::answering(move |_| refusal());
    let mut exhausted = source(&transport).backoff(exact().max_retries(2));
    let spent = MemoryTransport::new().reply(refusal());
    let body = tokio_stream::iter([Ok::<_, std::io::Error>("a")]);
    let mut once = request(&spent, Method::POST, RequestBody::stream(body));
    for (events, transport, kind) in [
        (&mut exhausted, &transport, ErrorKind::RetriesExhausted),
        (&mut once, &spent, ErrorKind::Body),
    ] {
        let mut error = events.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.status(), Some(StatusCode::TOO_MANY_REQUESTS));
        assert!(error.headers().is_some());
        assert_eq!(transport.open_exchanges(), 1, "that of the last attempt");
        assert_eq!(error.body().await.unwrap(), "no quota");
    }
}

#[tokio::test(start_paused = true)]
async fn never_means_one_connection() {
    let once = |reply| async {
        let transport = MemoryTransport::new().reply(reply);
        let outcome = run(&mut source(&transport).backoff(Backoff::never())).await;
        assert_eq!(transport.requests().len(), 1);
        assert_eq!(outcome.after, Duration::ZERO);
        outcome.error
    };
    assert_eq!(once(Reply::events().chunk("data: x\n\n")).await, None);
    assert_eq!(
        once(Reply::events().error("reset")).await,
        Some(ErrorKind::Transport)
    );
    assert_eq!(
        once(Reply::status(StatusCode::BAD_GATEWAY)).await,
        Some(ErrorKind::Status)
    );
}

#[tokio::test(start_paused = true)]
async fn a_first_failure_is_final_if_asked_for() {
    let transport = MemoryTransport::new().reply(Reply::refused("refused"));
    let outcome = run(&mut source(&transport).first_failure_is_final()).await;
    assert_eq!(outcome.error, Some(ErrorKind::Transport));

    let transport = MemoryTransport::new()
        .reply(Reply::events().chunk("data: a\n\n"))
        .reply(Reply::refused("refused"))
        .reply(Reply::events().chunk("data: b\n\n"));
    let outcome = run(&mut source(&transport).first_failure_is_final()).await;
    assert_eq!((outcome.error, outcome.data.len()), (None, 2));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_not_repeated_once_bytes_have_come() {
    let replies = || {
        MemoryTransport::new()
            .reply(Reply::refused("refused"))
            .reply(Reply::status(StatusCode::SERVICE_UNAVAILABLE))
            .reply(Reply::events())
            .reply(Reply::events().chunk(":\n").error("reset"))
            .reply(Reply::events().chunk("data: x\n\n"))
    };
    for method in [Method::POST, Method::PATCH, Method::OPTIONS] {
        let transport = replies();
        let outcome = run(&mut request(&transport, method, "question")).await;
        assert_eq!(outcome.error, Some(ErrorKind::Transport));
        assert_eq!(transport.requests().len(), 4);
        let bodies = transport.requests().into_iter().map(|it| it.body.unwrap());
        assert!(bodies.eq([const { Bytes::from_static(b"question") }; 4]));

        let transport = replies();
        let outcome = run(&mut request(&transport, Method::POST, "question").replay_body()).await;
        assert_eq!((outcome.error, outcome.data.len()), (None, 1));
    }
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        let transport = replies();
        let outcome = run(&mut request(&transport, method, "question")).await;
        assert_eq!((outcome.error, outcome.data.len()), (None, 1));
    }
    // The end of an answer to a POST is no error.
    let transport = MemoryTransport::new().reply(Reply::events().chunk("data: x\n\n"));
    let outcome = run(&mut request(&transport, Method::POST, "question")).await;
    assert_eq!((outcome.error, outcome.data.len()), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_was_a_stream_is_sent_once() {
    let body = || {
        let chunks = ["a", "b"].map(Ok::<_, std::io::Error>);
        RequestBody::stream(tokio_stream::iter(chunks))
    };
    let transport = MemoryTransport::new().reply(Reply::refused("refused"));
    let mut events = request(&transport, Method::PUT, body());
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body);
    assert_eq!(error.cause().unwrap().kind(), ErrorKind::Transport);
    assert_eq!(transport.requests().len(), 1);

    let transport = MemoryTransport::new().reply(Reply::events().chunk("data: x\n\n"));
    let outcome = run(&mut request(&transport, Method::POST, body())).await;
    assert_eq!((outcome.error, outcome.data.len()), (None, 1));
}

struct Never;

impl Transport for Never {
    fn send(
        &self,
        _request: Request<RequestBody>,
    ) -> BoxFuture<Result<Response<ResponseBody>, TransportError>> {
        Box::pin(async { Err(TransportError::lasting("no such scheme")) })
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_transport_can_never_send_is_final() {
    let request = Request::get(URL).body(()).unwrap();
    let outcome = run(&mut EventSource::with_transport(Never, request)).await;
    assert_eq!(outcome.error, Some(ErrorKind::Transport));
    assert_eq!(outcome.after, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_jitter_comes_from_where_it_is_told_to() {
    let transport = MemoryTransport::new()
        .reply(Reply::events())
        .reply(Reply::events());
    let mut drawn = [0.25, 0.5].into_iter();
    let mut events = source(&transport).random(move || drawn.next().unwrap());
    let outcome = run(&mut events).await;
    // From 1 s to 2 s, then from 1 s to 4 s.
    assert_eq!(outcome.after, Duration::from_millis(1250 + 2500));
}
