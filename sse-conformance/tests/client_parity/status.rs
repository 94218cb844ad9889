use std::time::Duration;

use sse_client::{ErrorKind, State, Verdict};
use sse_conformance::client::{Answer, Asked};

use crate::{client, quick, read, server, soon};

#[tokio::test]
async fn status_204_ends_for_good_without_an_error() {
    let server = server([Answer::status(204), Answer::events("data: never\n\n")]);
    assert!(read(client(&server)).await.without_error().is_empty());
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn status_204_ends_for_good_also_on_a_reconnection() {
    let server = server([
        Answer::events("id: 1\ndata: x\n\n"),
        Answer::status(204),
        Answer::events("data: never\n\n"),
    ]);
    assert_eq!(read(client(&server)).await.without_error(), ["message|x|1"]);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_final_status_ends_with_an_error_that_has_status_headers_and_body() {
    for status in [201, 205, 206, 304, 400, 401, 403, 404, 406, 410, 501, 505] {
        let answer = Answer::status(status)
            .header("content-type", "text/event-stream")
            .header("www-authenticate", "Bearer");
        let answer = match status {
            205 | 304 => answer,
            _ => answer.send("{\"error\":\"no\"}"),
        };
        let server = server([answer, Answer::events("data: never\n\n")]);
        let mut error = read(client(&server)).await.error();
        assert_eq!(error.kind(), ErrorKind::Status, "{status}");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        let header = error.headers().unwrap().get("www-authenticate");
        assert_eq!(header.unwrap(), "Bearer");
        let body = soon(error.body()).await.unwrap();
        let expected: &[u8] = match status {
            205 | 304 => b"",
            _ => b"{\"error\":\"no\"}",
        };
        assert_eq!(body, expected, "{status}");
        assert_eq!(server.asked().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn unlike_a_browser_a_passing_status_is_retried_on_the_first_connection() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let server = server([
            Answer::status(status).send("later"),
            Answer::status(status).send("later"),
            Answer::events("data: x\n\n"),
        ]);
        assert_eq!(
            read(client(&server)).await.without_error(),
            ["message|x|"],
            "{status}"
        );
        assert_eq!(server.asked().len(), 4, "{status}");
    }
}

#[tokio::test]
async fn unlike_a_browser_a_passing_status_is_retried_on_a_reconnection_with_the_id() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let server = server([
            Answer::events("id: 1\ndata: x\n\n"),
            Answer::status(status).send("later"),
            Answer::events("id: 2\ndata: y\n\n"),
        ]);
        assert_eq!(
            read(client(&server)).await.without_error(),
            ["message|x|1", "message|y|2"]
        );
        let ids: Vec<_> = server.asked().iter().map(Asked::last_event_id).collect();
        let (one, two) = (Some("1".to_owned()), Some("2".to_owned()));
        assert_eq!(ids, [None, one.clone(), one, two], "{status}");
    }
}

#[tokio::test]
async fn a_first_connection_is_not_retried_where_that_is_asked_for() {
    let server = server([Answer::status(503), Answer::events("data: never\n\n")]);
    let error = read(client(&server).first_failure_is_final()).await.error();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(503));
    assert_eq!(server.asked().len(), 1);
}

/// A date to which it is at least so long; an HTTP date has no fractions.
fn date_in(time: Duration) -> String {
    let date = std::time::SystemTime::now() + time + Duration::from_secs(1);
    httpdate::fmt_http_date(date)
}

#[tokio::test]
async fn unlike_a_browser_retry_after_is_the_least_delay_in_both_its_forms() {
    for (value, least) in [
        ("120".to_owned(), 120),
        (date_in(Duration::from_secs(3_000)), 2_900),
    ] {
        for status in [429, 503] {
            let server = server([Answer::status(status).header("retry-after", value.clone())]);
            let mut events = client(&server);
            let mut state = events.state();
            let reading = tokio::spawn(async move { events.next().await.is_some() });
            let delay = soon(async {
                loop {
                    if let Some(State::Waiting { delay, cause, .. }) = state.changed().await {
                        assert_eq!(cause.status().unwrap().as_u16(), status);
                        return delay;
                    }
                }
            })
            .await;
            assert!(delay >= Duration::from_secs(least), "{value}: {delay:?}");
            reading.abort();
        }
    }
}

#[tokio::test]
async fn a_retry_after_that_says_nothing_is_ignored() {
    for value in ["0", "soon", "-5", "", "Thu, 01 Jan 1970 00:00:00 GMT"] {
        let server = server([
            Answer::status(429).header("retry-after", value),
            Answer::events("data: x\n\n"),
        ]);
        assert_eq!(read(client(&server)).await.without_error(), ["message|x|"]);
    }
}

#[tokio::test]
async fn unlike_a_browser_a_second_after_retry_after_it_comes_again() {
    let server = server([
        Answer::status(429).header("retry-after", "1"),
        Answer::events("data: x\n\n"),
    ]);
    assert_eq!(read(client(&server)).await.without_error(), ["message|x|"]);
    let asked = server.asked();
    let waited = asked[1].at - asked[0].at;
    assert!(waited >= Duration::from_millis(990), "{waited:?}");
}

#[tokio::test]
async fn unlike_a_browser_so_many_retries_are_made_and_no_more() {
    for retries in [0, 1, 3] {
        let server = server(vec![Answer::status(503); 9]);
        let events = client(&server).backoff(quick().max_retries(retries));
        let error = read(events).await.error();
        let last = error.cause().unwrap_or(&error);
        assert_eq!(last.status().map(|status| status.as_u16()), Some(503));
        assert_eq!(server.asked().len(), retries as usize + 1);
    }
}

#[tokio::test]
async fn unlike_a_browser_what_is_retried_can_be_decided() {
    let script = [
        Answer::status(404),
        Answer::events("data: x\n\n"),
        Answer::status(503),
    ];
    let server = server(script);
    let events = client(&server).retry_if(|failure| {
        match failure.error().status().map(|status| status.as_u16()) {
            Some(503) => Verdict::Stop,
            _ => Verdict::Retry,
        }
    });
    let read = read(events).await;
    assert_eq!(read.items, ["message|x|"]);
    assert_eq!(read.error().kind(), ErrorKind::Status);
    assert_eq!(server.asked().len(), 3);
}
