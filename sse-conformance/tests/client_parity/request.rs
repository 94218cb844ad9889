use http::Request;
use sse_client::{ErrorKind, RequestBody};
use sse_conformance::client::Answer;

use crate::{asking, client, read, server};

#[tokio::test]
async fn a_request_says_what_a_browsers_says() {
    let server = server([]);
    read(client(&server)).await.without_error();
    let asked = &server.asked()[0];
    assert_eq!(asked.method, "GET");
    assert_eq!(asked.text("accept"), "text/event-stream");
    assert!(asked.text("cache-control").starts_with("no-"));
    assert_eq!(asked.header("cache"), None);
    assert_eq!(asked.header("last-event-id"), None);
    assert_eq!(asked.header("content-length"), None);
    assert!(asked.body.is_empty());
}

#[tokio::test]
async fn unlike_a_browser_method_headers_and_body_are_free() {
    let server = server([]);
    let request = Request::post(server.url("/chat?x=1"))
        .header("authorization", "Bearer x")
        .header("accept", "text/event-stream, application/json")
        .body("{}")
        .unwrap();
    read(asking(request)).await.without_error();
    let asked = &server.asked()[0];
    assert_eq!(
        (asked.method.as_str(), asked.target.as_str()),
        ("POST", "/chat?x=1")
    );
    assert_eq!(asked.text("authorization"), "Bearer x");
    assert_eq!(asked.text("accept"), "text/event-stream, application/json");
    assert_eq!(asked.body, b"{}");
}

#[tokio::test]
async fn a_post_is_not_repeated_once_bytes_have_come() {
    let server = server([
        Answer::status(503),
        Answer::events("data: x\n\n"),
        Answer::events("data: never\n\n"),
    ]);
    let request = Request::post(server.url("/")).body("question").unwrap();
    let read = read(asking(request)).await;
    assert_eq!(read.items, ["message|x|"]);
    let bodies: Vec<_> = server.asked().into_iter().map(|it| it.body).collect();
    assert_eq!(bodies, [b"question", b"question"]);
}

#[tokio::test]
async fn a_post_is_repeated_where_that_is_asked_for() {
    let server = server([
        Answer::events("id: 1\ndata: x\n\n"),
        Answer::events("data: y\n\n"),
    ]);
    let request = Request::post(server.url("/")).body("question").unwrap();
    let read = read(asking(request).replay_body()).await;
    assert_eq!(read.without_error(), ["message|x|1", "message|y|1"]);
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|it| it.body == b"question"));
}

#[tokio::test]
async fn methods_that_may_be_repeated_are() {
    for method in ["GET", "PUT", "DELETE"] {
        let server = server([Answer::events("data: x\n\n"), Answer::events("data: y\n\n")]);
        let request = Request::builder().method(method).uri(server.url("/"));
        let read = read(asking(request.body("it").unwrap())).await;
        assert_eq!(
            read.without_error(),
            ["message|x|", "message|y|"],
            "{method}"
        );
    }
}

#[tokio::test]
async fn a_body_that_can_be_sent_once_ends_the_second_attempt_with_an_error() {
    let server = server([Answer::status(503), Answer::events("data: never\n\n")]);
    let chunks = tokio_stream::iter([Ok::<_, std::io::Error>("question")]);
    let request = Request::put(server.url("/")).body(RequestBody::stream(chunks));
    let error = read(asking(request.unwrap())).await.error();
    assert_eq!(error.kind(), ErrorKind::Body);
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].body, b"question");
}
