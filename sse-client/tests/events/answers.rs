use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use sse_client::{ErrorKind, Failure, MemoryTransport, Reply, Verdict};
use tokio::time::timeout;

use crate::scene::{exact, run, source};

fn typed(media_type: &'static str) -> Reply {
    Reply::status(StatusCode::OK).header(header::CONTENT_TYPE, HeaderValue::from_static(media_type))
}

/// The first answer, then an event if there is a second request.
#[track_caller]
fn check(first: Reply, expected: Result<u64, Option<ErrorKind>>) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let transport = MemoryTransport::new()
            .reply(first)
            .reply(Reply::events().chunk("data: x\n\n"));
        let mut events = source(&transport).backoff(exact()).until("x");
        let outcome = run(&mut events).await;
        match expected {
            Ok(milliseconds) => {
                assert_eq!(
                    outcome.after,
                    Duration::from_millis(milliseconds),
                    "{caller}"
                );
                assert_eq!(transport.requests().len(), 2, "{caller}");
                assert_eq!(outcome.error, None, "{caller}");
            }
            Err(error) => {
                assert_eq!(transport.requests().len(), 1, "{caller}");
                assert_eq!(outcome.error, error, "{caller}");
            }
        }
        assert_eq!(transport.open_exchanges(), 0, "{caller}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_answer_is_retried_or_final() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        check(Reply::status(status.try_into().unwrap()), Ok(1000)).await;
    }
    for status in [
        201, 205, 206, 300, 304, 305, 400, 401, 403, 404, 410, 418, 501, 505, 599,
    ] {
        check(
            Reply::status(status.try_into().unwrap()),
            Err(Some(ErrorKind::Status)),
        )
        .await;
    }
    check(Reply::status(StatusCode::NO_CONTENT), Err(None)).await;
    check(Reply::refused("connection refused"), Ok(1000)).await;
    check(Reply::events(), Ok(1000)).await;
    check(Reply::events().error("reset"), Ok(1000)).await;
    check(Reply::events().chunk("retry: 3500\n\n"), Ok(3500)).await;
    check(Reply::events().chunk("retry: 0\n\n"), Ok(100)).await;
}

#[tokio::test(start_paused = true)]
async fn media_types_are_compared_by_their_essence() {
    for fine in ["text/event-stream", "TEXT/Event-Stream;charset=utf-8"] {
        check(typed(fine), Ok(1000)).await;
    }
    let wrong = Err(Some(ErrorKind::MediaType));
    for media_type in ["text/html", "text/event-streamx", "application/json", ""] {
        check(typed(media_type), wrong).await;
    }
    check(Reply::status(StatusCode::OK), wrong).await;
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_the_least_delay() {
    let cases = [
        ("7", 7000),
        ("0", 1000),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10_000),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 1000),
        ("soon", 1000),
        // A day is as long as it gets.
        ("99999999999", 86_400_000),
    ];
    for (value, milliseconds) in cases {
        for status in [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ] {
            let now = HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT");
            let reply = Reply::status(status)
                .header(header::DATE, now)
                .header(header::RETRY_AFTER, HeaderValue::from_static(value));
            check(reply, Ok(milliseconds)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_encoding_that_was_not_asked_for_is_final() {
    let encoded =
        |value| Reply::events().header(header::CONTENT_ENCODING, HeaderValue::from_static(value));
    check(encoded("identity"), Ok(1000)).await;
    check(encoded("zstd"), Err(Some(ErrorKind::ContentEncoding))).await;
}

#[tokio::test]
async fn an_error_has_status_headers_and_body() {
    let reply = Reply::status(StatusCode::UNAUTHORIZED)
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
        .chunk("{\"error\":")
        .chunk("\"no key\"}");
    let transport = MemoryTransport::new().reply(reply);
    let mut error = source(&transport).next().await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "status must be 200, and is 401 Unauthorized"
    );
    assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED));
    assert_eq!(error.headers().unwrap()["www-authenticate"], "Bearer");
    assert_eq!(transport.open_exchanges(), 1);
    assert_eq!(error.body().await.unwrap(), "{\"error\":\"no key\"}");
    assert_eq!(transport.open_exchanges(), 0);
    assert_eq!(error.body().await.unwrap(), "");
    assert!(error.into_body().is_none());
}

#[tokio::test]
async fn the_body_of_an_error_is_read_up_to_a_bound() {
    let chunk = vec![b'x'; 300_000];
    let endless = (0..10).fold(Reply::status(StatusCode::FORBIDDEN), |reply, _| {
        reply.chunk(chunk.clone())
    });
    let transport = MemoryTransport::new().reply(endless);
    let mut error = source(&transport).next().await.unwrap().unwrap_err();
    assert_eq!(error.body().await.unwrap().len(), 1024 * 1024);
    assert_eq!(transport.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_body_of_an_error_that_does_not_end_is_given_up() {
    let reply = Reply::status(StatusCode::FORBIDDEN).chunk("becau").hang();
    let transport = MemoryTransport::new().reply(reply);
    let mut error = source(&transport).next().await.unwrap().unwrap_err();
    let body = timeout(Duration::from_secs(60), error.body()).await;
    assert!(body.unwrap().is_err());
    assert_eq!(transport.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_check_of_ones_own_replaces_ours() {
    let transport = MemoryTransport::new()
        .reply(typed("application/x-ndjson").chunk("data: a\n\n"))
        .reply(typed("text/html").chunk("data: b\n\n"));
    let mut events =
        source(&transport).check_response(|parts| match parts.headers.get("content-type") {
            Some(value) if value == "text/html" => Err("no page, please"),
            _ => Ok(()),
        });
    assert_eq!(events.next().await.unwrap().unwrap().data(), "a");
    assert_eq!(events.response().unwrap().status, StatusCode::OK);
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Check);
    let cause = std::error::Error::source(&error).unwrap();
    assert_eq!(cause.to_string(), "no page, please");
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_ones_own_decides_what_is_retried() {
    let transport = MemoryTransport::new()
        .reply(Reply::status(StatusCode::NOT_FOUND))
        .reply(Reply::status(StatusCode::NOT_FOUND))
        .reply(Reply::events().chunk("data: a\n\n"))
        .reply(Reply::status(StatusCode::SERVICE_UNAVAILABLE));
    let rule = |failure: &Failure| match failure.error().status() {
        Some(StatusCode::NOT_FOUND) if !failure.was_ever_open() => Verdict::Retry,
        Some(StatusCode::SERVICE_UNAVAILABLE) => Verdict::Stop,
        _ => failure.verdict(),
    };
    let outcome = run(&mut source(&transport).retry_if(rule)).await;
    assert_eq!(outcome.data, ["a"]);
    assert_eq!(outcome.error, Some(ErrorKind::Status));
    assert_eq!(transport.requests().len(), 4);
}
