use std::num::NonZeroUsize;

use sse_client::{ErrorKind, Oversized};
use sse_conformance::client::{Answer, Asked};
use sse_core::{EventId, Limits};

use crate::{client, read, server, soon};

/// What is named on the reconnection behind a first response.
async fn id_after(body: &'static str) -> Option<String> {
    let server = server([Answer::events(body)]);
    read(client(&server)).await.without_error();
    server.asked()[1].last_event_id()
}

#[tokio::test]
async fn the_end_of_a_response_is_no_item_and_it_comes_again_with_the_id() {
    let server = server([
        Answer::events("id: 1\ndata: a\n\n"),
        Answer::events("data: b\n\n").chunked(),
        Answer::events("id: 2\ndata: c\n\n").header("content-length", "15"),
    ]);
    assert_eq!(
        read(client(&server)).await.without_error(),
        ["message|a|1", "message|b|1", "message|c|2"]
    );
    let ids: Vec<_> = server.asked().iter().map(Asked::last_event_id).collect();
    let id = |id: &str| Some(id.to_owned());
    assert_eq!(ids, [None, id("1"), id("1"), id("2")]);
}

#[tokio::test]
async fn half_an_event_is_not_dispatched_and_its_id_does_not_count() {
    for half in [
        "i",
        "id: 2",
        "id: 2\n",
        "id: 2\ndata: y",
        "id: 2\ndata: y\n",
    ] {
        let body = format!("id: 1\ndata: x\n\n{half}");
        for answer in [
            Answer::events(body.clone()),
            Answer::events(body.clone()).cut(),
            Answer::events(body.clone()).chunked(),
            Answer::events(body.clone()).chunked().cut(),
        ] {
            let server = server([answer]);
            assert_eq!(
                read(client(&server)).await.without_error(),
                ["message|x|1"],
                "{half:?}"
            );
            let id = server.asked()[1].last_event_id();
            assert_eq!(id.as_deref(), Some("1"), "{half:?}");
        }
    }
}

#[tokio::test]
async fn unlike_a_browser_half_an_event_is_dispatched_where_that_is_asked_for() {
    let server = server([Answer::events("data: x\n\ndata: y").chunked()]);
    let events = client(&server).dispatch_unterminated();
    assert_eq!(
        read(events).await.without_error(),
        ["message|x|", "message|y|"]
    );
}

#[tokio::test]
async fn an_id_without_data_is_remembered_and_dispatches_nothing() {
    assert_eq!(id_after("id: 7\n\n").await.as_deref(), Some("7"));
    let body = "id: 7\ndata: x\n\n: keep-alive\nid: 8\n\n";
    assert_eq!(id_after(body).await.as_deref(), Some("8"));
    assert_eq!(id_after("event: x\nid: 9\n\n").await.as_deref(), Some("9"));
}

#[tokio::test]
async fn an_id_with_nul_is_ignored() {
    let id = id_after("id: 1\ndata: x\n\nid: a\0b\ndata: y\n\n").await;
    assert_eq!(id.as_deref(), Some("1"));
    assert_eq!(id_after("id: a\0b\ndata: y\n\n").await, None);
}

#[tokio::test]
async fn an_id_that_is_not_ascii_is_sent_as_utf_8() {
    assert_eq!(
        id_after("id: schön ☃\ndata: x\n\n").await.as_deref(),
        Some("schön ☃")
    );
}

#[tokio::test]
async fn an_empty_id_takes_back_what_there_was_and_no_header_is_sent() {
    assert_eq!(id_after("id: 1\ndata: x\n\nid\ndata: y\n\n").await, None);
    assert_eq!(id_after("id:\n\n").await, None);
    assert_eq!(id_after("data: x\n\n").await, None);
}

#[tokio::test]
async fn unlike_a_browser_an_id_that_no_header_can_carry_ends_with_an_error() {
    for id in ["a\u{1}b", "a\u{7f}", " a", "a\t"] {
        let server = server([Answer::events(format!("id: {id}\ndata: x\n\n"))]);
        let read = read(client(&server)).await;
        assert_eq!(read.items.len(), 1, "{id:?}");
        assert_eq!(read.error().kind(), ErrorKind::LastEventId, "{id:?}");
        assert_eq!(server.asked().len(), 1, "{id:?}");
    }
}

#[tokio::test]
async fn a_given_id_is_sent_first_and_until_there_is_another() {
    let server = server([
        Answer::status(503),
        Answer::events("data: x\n\n"),
        Answer::events("id: 8\n\n"),
    ]);
    let events = client(&server).last_event_id(EventId::from(7));
    assert_eq!(read(events).await.without_error(), ["message|x|7"]);
    let asked = server.asked();
    let ids: Vec<_> = asked.iter().map(|it| it.text("last-event-id")).collect();
    assert_eq!(ids, ["7", "7", "7", "8"]);
}

fn small() -> Limits {
    let most = NonZeroUsize::new(1_000).unwrap();
    Limits::DEFAULT.event(most).line(most)
}

#[tokio::test]
async fn unlike_a_browser_an_oversized_event_ends_with_an_error_and_is_not_asked_for_again() {
    let body = format!("id: 1\ndata: x\n\nid: 2\ndata: {}\n\n", "y".repeat(2_000));
    let server = server(vec![Answer::events(body); 3]);
    let events = client(&server).limits(small());
    let read = read(events).await;
    assert_eq!(read.items, ["message|x|1"]);
    assert_eq!(read.error().kind(), ErrorKind::Decode);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn unlike_a_browser_an_oversized_event_is_skipped_and_told_where_that_is_asked_for() {
    let big = "y".repeat(2_000);
    let body = format!("id: 1\ndata: x\n\nid: 2\ndata: {big}\n\nid: 3\ndata: z\n\n");
    let server = server([Answer::events(body)]);
    let events = client(&server)
        .limits(small())
        .on_oversized(Oversized::Skip);
    let read = read(events).await;
    let items = read.without_error();
    assert_eq!(items.len(), 3, "{items:?}");
    assert!(items[1].starts_with("skipped: "));
    assert_eq!([items[0], items[2]], ["message|x|1", "message|z|3"]);
}

#[tokio::test]
async fn unlike_a_browser_an_oversized_event_that_is_sent_again_is_final() {
    let big = "y".repeat(2_000);
    let poison = format!("id: 2\ndata: {big}\n\n");
    let server = server([
        Answer::events(format!("id: 1\ndata: x\n\n{poison}")),
        Answer::events(poison.clone()),
        Answer::events(format!("{poison}id: 3\ndata: z\n\n")),
    ]);
    let events = client(&server)
        .limits(small())
        .on_oversized(Oversized::Skip);
    let read = read(events).await;
    assert_eq!(read.items.len(), 2, "{:?}", read.items);
    assert_eq!(read.items[0], "message|x|1");
    assert!(read.items[1].starts_with("skipped: "));
    assert_eq!(read.error().kind(), ErrorKind::Decode);
    let asked = server.asked();
    let ids: Vec<_> = asked.iter().map(|it| it.text("last-event-id")).collect();
    assert_eq!(ids, ["", "1"]);
}

#[tokio::test]
async fn types_comments_byte_order_marks_and_bad_utf_8_are_as_in_a_browser() {
    let mut body = b"\xEF\xBB\xBF: hello\n\nevent: add\ndata: 1\ndata: 2\n\n".to_vec();
    body.extend_from_slice(
        b"event: message\ndata: \xFF\n\nevent\ndata\n\ndata:  a\r\rdata: b\r\n\r\n",
    );
    let server = server([Answer::events(body)]);
    assert_eq!(
        read(client(&server)).await.without_error(),
        [
            "add|1\n2|",
            "message|\u{FFFD}|",
            "message||",
            "message| a|",
            "message|b|"
        ]
    );
}

#[tokio::test]
async fn unlike_a_browser_comments_can_be_seen_where_that_is_asked_for() {
    let body = ": one\ndata: x\n: two\n\n:\n\ndata: y\n\n";
    for (is_blind, expected) in [
        (false, &["one", "two", "=x", "", "=y"][..]),
        (true, &["=x", "=y"]),
    ] {
        let server = server([Answer::events(body).silence()]);
        let mut events = client(&server);
        if !is_blind {
            events = events.comments();
        }
        for expected in expected {
            let event = soon(events.next()).await.unwrap().unwrap().event;
            let text = match (event.comment, event.data) {
                (Some(comment), None) => comment.to_string(),
                (None, Some(data)) => format!("={data}"),
                both => panic!("{both:?}"),
            };
            assert_eq!(text, *expected);
        }
    }
}

#[tokio::test]
async fn an_end_marker_ends_without_asking_again() {
    let server = server([Answer::events("data: x\n\ndata: [DONE]\n\ndata: y\n\n").silence()]);
    let events = client(&server).until("[DONE]");
    assert_eq!(read(events).await.without_error(), ["message|x|"]);
    assert_eq!(server.asked().len(), 1);
}
