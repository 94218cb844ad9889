use std::time::Duration;

use h2::Reason;
use http::Request;
use sse_client::{EventSource, HyperTransport, ReqwestTransport};
use sse_conformance::client::{Answer, Scripted};

use crate::{quick, read};

fn server(script: impl IntoIterator<Item = Answer>) -> Scripted {
    Scripted::start_http2(script).unwrap()
}

/// A client with each of the transports, both of which know that the server speaks HTTP/2.
fn clients(server: &Scripted) -> [EventSource; 2] {
    let asking = || Request::get(server.url("/")).body(()).unwrap();
    let known = reqwest::Client::builder()
        .http2_prior_knowledge()
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none());
    let reqwest = ReqwestTransport::from(known.build().unwrap());
    [
        EventSource::with_transport(reqwest, asking()).backoff(quick()),
        EventSource::with_transport(HyperTransport::http2(), asking()).backoff(quick()),
    ]
}

/// The first answer ends in some way behind one event and half of another; the second is whole.
async fn check(first: Answer) {
    for which in 0..2 {
        let server = server([first.clone(), Answer::events("id: 2\ndata: y\n\n")]);
        let [reqwest, hyper] = clients(&server);
        let client = if which == 0 { reqwest } else { hyper };
        assert_eq!(
            read(client).await.without_error(),
            ["message|x|1", "message|y|2"],
            "{first:?}"
        );
        let asked = server.asked();
        let ids: Vec<_> = asked.iter().map(|it| it.text("last-event-id")).collect();
        assert_eq!(ids, ["", "1", "2"], "{first:?}");
    }
}

fn begun() -> Answer {
    Answer::events("id: 1\ndata: x\n\nid: 2\nda").wait(Duration::from_millis(20))
}

#[tokio::test]
async fn a_stream_that_ends_is_asked_for_again() {
    check(begun()).await;
}

#[tokio::test]
async fn a_stream_that_is_reset_is_asked_for_again() {
    for reason in [
        Reason::CANCEL,
        Reason::INTERNAL_ERROR,
        Reason::NO_ERROR,
        Reason::REFUSED_STREAM,
        Reason::ENHANCE_YOUR_CALM,
    ] {
        check(begun().reset_stream(reason)).await;
    }
}

#[tokio::test]
async fn a_connection_that_goes_away_politely_is_replaced() {
    check(begun().go_away()).await;
}

#[tokio::test]
async fn a_connection_that_goes_away_at_once_is_replaced() {
    for reason in [
        Reason::NO_ERROR,
        Reason::INTERNAL_ERROR,
        Reason::ENHANCE_YOUR_CALM,
    ] {
        check(begun().go_away_at_once(reason)).await;
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_is_replaced() {
    check(begun().cut()).await;
}

#[tokio::test]
async fn a_stream_that_is_reset_before_its_response_is_asked_for_again() {
    let script = || {
        [
            Answer::nothing().reset_stream(Reason::REFUSED_STREAM),
            Answer::nothing().reset_stream(Reason::INTERNAL_ERROR),
            Answer::nothing().go_away_at_once(Reason::NO_ERROR),
            Answer::events("data: x\n\n"),
        ]
    };
    for which in 0..2 {
        let server = server(script());
        let [reqwest, hyper] = clients(&server);
        let client = if which == 0 { reqwest } else { hyper };
        assert_eq!(read(client).await.without_error(), ["message|x|"]);
    }
}

#[tokio::test]
async fn unlike_a_browser_a_silent_stream_is_left_after_the_idle_timeout() {
    check_idle(Answer::silence).await;
}

#[tokio::test]
async fn unlike_a_browser_a_silent_connection_is_left_and_nothing_more_is_asked_on_it() {
    check_idle(Answer::freeze).await;
}

async fn check_idle(falls_silent: fn(Answer) -> Answer) {
    for which in 0..2 {
        let first = Answer::events("id: 1\ndata: x\n\n").wait(Duration::from_millis(20));
        let server = server([falls_silent(first), Answer::events("id: 2\ndata: y\n\n")]);
        let [reqwest, hyper] = clients(&server);
        let client = if which == 0 { reqwest } else { hyper };
        let client = client.idle_timeout(Duration::from_millis(500));
        assert_eq!(
            read(client).await.without_error(),
            ["message|x|1", "message|y|2"]
        );
    }
}

#[tokio::test]
async fn a_client_that_shares_connections_leaves_a_silent_one_if_it_keeps_them_alive() {
    let first = Answer::events("id: 1\ndata: x\n\n").wait(Duration::from_millis(20));
    let server = server([first.freeze(), Answer::events("id: 2\ndata: y\n\n")]);
    let known = reqwest::Client::builder()
        .http2_prior_knowledge()
        .http2_keep_alive_interval(Duration::from_millis(50))
        .http2_keep_alive_timeout(Duration::from_millis(50));
    let transport = ReqwestTransport::from(known.build().unwrap());
    let request = Request::get(server.url("/")).body(()).unwrap();
    let client = EventSource::with_transport(transport, request)
        .backoff(quick())
        .idle_timeout(Duration::from_secs(5));
    assert_eq!(
        read(client).await.without_error(),
        ["message|x|1", "message|y|2"]
    );
}

#[tokio::test]
async fn statuses_are_as_over_http1() {
    let server = server([
        Answer::status(503),
        Answer::redirect(307, "/there"),
        Answer::events("data: x\n\n"),
    ]);
    let [client, _] = clients(&server);
    assert_eq!(read(client).await.without_error(), ["message|x|"]);
    assert_eq!(server.asked()[2].target, "/there");
}
