use sse_client::ErrorKind;
use sse_conformance::client::Answer;

use crate::{client, read, server};

fn of_type(media_type: &str) -> Answer {
    Answer::status(200)
        .header("content-type", media_type.to_owned())
        .send("data: x\n\n")
}

#[tokio::test]
async fn the_media_type_is_read_without_case_and_with_parameters() {
    for media_type in [
        "text/event-stream",
        "TEXT/Event-Stream",
        "text/event-stream;charset=utf-8",
        "text/event-stream ; charset=UTF-8; x=y",
        "text/event-stream;charset=iso-8859-1",
        "text/event-stream;",
    ] {
        let server = server([of_type(media_type)]);
        let read = read(client(&server)).await;
        assert_eq!(read.without_error(), ["message|x|"], "{media_type}");
    }
}

#[tokio::test]
async fn another_media_type_is_a_final_error() {
    for media_type in [
        "text/html",
        "text/event-streamx",
        "text/event",
        "text/plain; charset=text/event-stream",
        "application/json",
        "text",
        "",
    ] {
        let server = server([of_type(media_type), of_type("text/event-stream")]);
        let mut error = read(client(&server)).await.error();
        assert_eq!(error.kind(), ErrorKind::MediaType, "{media_type}");
        assert_eq!(server.asked().len(), 1, "{media_type}");
        assert_eq!(error.body().await.unwrap(), "data: x\n\n");
    }
}

#[tokio::test]
async fn no_media_type_at_all_is_a_final_error() {
    let server = server([Answer::status(200).send("data: x\n\n")]);
    let error = read(client(&server)).await.error();
    assert_eq!(error.kind(), ErrorKind::MediaType);
}

#[tokio::test]
async fn a_wrong_media_type_on_a_reconnection_is_final_too() {
    let server = server([
        Answer::events("data: x\n\n"),
        of_type("text/html"),
        of_type("text/event-stream"),
    ]);
    let read = read(client(&server)).await;
    assert_eq!(read.items, ["message|x|"]);
    assert_eq!(read.error().kind(), ErrorKind::MediaType);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn the_check_can_be_replaced() {
    let server = server([of_type("text/plain")]);
    let events = client(&server).check_response(|_| Ok::<(), std::io::Error>(()));
    assert_eq!(read(events).await.without_error(), ["message|x|"]);
}
