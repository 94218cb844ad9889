use std::{pin::Pin, task::Context};

use futures_core::Stream;
use http::Request;
use sse_client::{
    Delivery, ErrorKind, EventId, EventSource, Limit, Limits, MemoryTransport, Oversized,
    ReconnectState, Reply, Retry, UnsafeId,
};

use crate::scene::{URL, exact, ids, run, source};

/// The last event IDs of the request after each of the bodies.
#[track_caller]
fn check(
    bodies: &[&'static str],
    expected: &'static [Option<&'static str>],
) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    let mut transport = MemoryTransport::new();
    for &body in bodies {
        transport = transport.reply(Reply::events().chunk(body));
    }
    async move {
        run(&mut source(&transport)).await;
        let ids = ids(&transport);
        let ids: Vec<_> = ids.iter().map(Option::as_deref).collect();
        assert_eq!(ids[1..], *expected, "{caller}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_event_id_is_what_the_server_sent_last() {
    check(&["id: 1\ndata: x\n\n"], &[Some("1")]).await;
    check(&["id: 1\n\n"], &[Some("1")]).await;
    check(&["id: 1\n\n", "data: x\n\n", ""], &[Some("1"); 3]).await;
    check(&["id: 1\n\n", "id: 2\n\n"], &[Some("1"), Some("2")]).await;
    check(&["id: 1\n\nid\n\n"], &[None]).await;
    check(&["id: 1\n\nid: a\0b\n\n"], &[Some("1")]).await;
    check(&["id: 1\n\nid: 2\ndata: half"], &[Some("1")]).await;
    check(&["id: 1\n\nid: 2\n"], &[Some("1")]).await;
    check(&["id: ä☃\n\n"], &[Some("ä☃")]).await;
    check(&["data: x\n\n"], &[None]).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_request_has_the_id_that_was_given_until_the_server_sends_another() {
    let bodies = ["data: x\n\n", "id: 8\n\n"];
    let transport = || {
        bodies
            .iter()
            .fold(MemoryTransport::new(), |transport, &body| {
                transport.reply(Reply::events().chunk(body))
            })
    };
    let expected = [Some("7"), Some("7"), Some("8")].map(|id| id.map(str::to_owned));

    let given = transport();
    run(&mut source(&given).last_event_id(7)).await;
    assert_eq!(ids(&given), expected);

    let in_request = transport();
    let request = Request::get(URL).header("Last-Event-ID", "7").body(());
    run(&mut EventSource::with_transport(
        in_request.clone(),
        request.unwrap(),
    ))
    .await;
    assert_eq!(ids(&in_request), expected);

    let empty = MemoryTransport::new();
    run(&mut source(&empty).last_event_id(EventId::EMPTY)).await;
    assert_eq!(ids(&empty), [None]);
}

#[tokio::test(start_paused = true)]
async fn a_resume_state_goes_on_in_another_event_source() {
    let transport = MemoryTransport::new().reply(
        Reply::events()
            .chunk("retry: 9000\nid: 1\ndata: x\n\nid: 2\ndata: y\n\n")
            .hang(),
    );
    let mut events = source(&transport);
    assert_eq!(events.resume_state(), ReconnectState::new());
    assert_eq!(events.next().await.unwrap().unwrap().data(), "x");
    let state = events.resume_state();
    drop(events);

    let transport = MemoryTransport::new().reply(Reply::events().chunk("data: y\n\n"));
    let mut events = source(&transport).backoff(exact()).resume(state);
    assert_eq!(events.next().await.unwrap().unwrap().last_event_id, "1");
    let outcome = run(&mut events).await;
    assert_eq!(outcome.after.as_secs(), 9);
    assert_eq!(
        ids(&transport),
        [Some("1".to_owned()), Some("1".to_owned())]
    );
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_set_keeps_the_reconnection_time_that_was_resumed() {
    let transport =
        MemoryTransport::new().reply(Reply::events().chunk("retry: 9000\nid: 1\ndata: x\n\n"));
    let mut events = source(&transport);
    events.next().await.unwrap().unwrap();
    let state = events.resume_state();
    let state = source(&transport)
        .resume(state)
        .last_event_id(7)
        .resume_state();
    assert_eq!(state.last_event_id().unwrap(), &"7");
    assert_eq!(state.retry(), Some(Retry::from_millis(9000)));
}

#[tokio::test(start_paused = true)]
async fn an_id_of_the_request_that_cannot_be_read_is_a_final_error() {
    for value in [&b"\xff"[..], b"a\xe4"] {
        let transport = MemoryTransport::new();
        let request = Request::get(URL).header("last-event-id", value).body(());
        let mut events = EventSource::with_transport(transport.clone(), request.unwrap());
        assert_eq!(run(&mut events).await.error, Some(ErrorKind::LastEventId));
        assert!(transport.requests().is_empty());
        // One that is set counts instead.
        let request = Request::get(URL).header("last-event-id", value).body(());
        let events = EventSource::with_transport(transport.clone(), request.unwrap());
        assert_eq!(run(&mut events.last_event_id(7)).await.error, None);
        assert_eq!(ids(&transport), [Some("7".to_owned())]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_resume_state_never_runs_ahead_of_what_was_given_out() {
    let wire = "id: 1\ndata: a\n\nid: 2\n\nid: 3\ndata: b\n\nid: 4\n\nid: 5\ndata: half";
    let transport = MemoryTransport::new().reply(Reply::events().chunk(wire).hang());
    let mut events = source(&transport);
    let id = |events: &EventSource| {
        let state = events.resume_state();
        state.last_event_id().cloned().unwrap_or_default()
    };
    assert_eq!(id(&events), "");
    events.next().await.unwrap().unwrap();
    assert_eq!(id(&events), "1");
    events.next().await.unwrap().unwrap();
    assert_eq!(id(&events), "3");
    let mut context = Context::from_waker(std::task::Waker::noop());
    assert!(Pin::new(&mut events).poll_next(&mut context).is_pending());
    assert_eq!(id(&events), "4");
}

#[tokio::test(start_paused = true)]
async fn checkpoints_give_each_change_of_the_id_in_order() {
    let wire =
        "id: 1\ndata: a\n\nretry: 5\n\nid: 2\n\ndata: b\n\nid\n\nevent: x\n\nid: 3\ndata: half";
    let transport = MemoryTransport::new().reply(Reply::events().chunk(wire));
    let mut checkpoints = source(&transport).checkpoints();
    let mut seen = Vec::new();
    while let Some(delivery) = checkpoints.next().await {
        let delivery = delivery.unwrap();
        let data = delivery.event().map(|received| received.data().to_owned());
        seen.push((data, delivery.last_event_id().to_string()));
        if let Delivery::Checkpoint(id) = &delivery {
            let state = checkpoints.get_ref().resume_state();
            assert_eq!(state.last_event_id().cloned().unwrap_or_default(), *id);
        }
    }
    let event = |data: &str, id: &str| (Some(data.to_owned()), id.to_owned());
    let checkpoint = |id: &str| (None, id.to_owned());
    assert_eq!(
        seen,
        [
            event("a", "1"),
            checkpoint("2"),
            event("b", "2"),
            checkpoint("")
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn checkpoints_tell_a_gap_from_an_event() {
    // One that nobody can read is none the less no event of the application's.
    let wire =
        "event: hub.gap\nid: 5\ndata: {\"reason\":\"expired\"}\n\nevent: hub.gap\ndata: ?\n\n";
    let transport = MemoryTransport::new().reply(Reply::events().chunk(wire));
    let mut checkpoints = source(&transport).checkpoints();
    for _ in 0..2 {
        let delivery = checkpoints.next().await.unwrap().unwrap();
        assert!(matches!(delivery, Delivery::Gap(_)));
        assert_eq!(delivery.event(), None);
        assert_eq!(*delivery.last_event_id(), "5");
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_no_header_can_carry_is_handled_as_told() {
    let attempt = |unsafe_id| async move {
        let transport = MemoryTransport::new()
            .reply(Reply::events().chunk("id: 1\ndata: a\n\nid: \u{1}\ndata: b\n\n"));
        let outcome = run(&mut source(&transport).on_unsafe_id(unsafe_id)).await;
        assert_eq!(outcome.data, ["a", "b"]);
        (outcome.error, ids(&transport).last().unwrap().clone())
    };
    assert_eq!(
        attempt(UnsafeId::Stop).await,
        (Some(ErrorKind::LastEventId), None)
    );
    assert_eq!(
        attempt(UnsafeId::SendLastSafe).await,
        (None, Some("1".to_owned()))
    );
    assert_eq!(attempt(UnsafeId::Omit).await, (None, None));

    let transport = MemoryTransport::new();
    let unsafe_id = EventId::try_from(" 1").unwrap();
    let outcome = run(&mut source(&transport).last_event_id(unsafe_id)).await;
    assert_eq!(outcome.error, Some(ErrorKind::LastEventId));
    assert!(transport.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_oversized_event_is_no_reason_for_another_connection() {
    let wire =
        "id: 1\ndata: a\n\nid: 2\ndata: 0123456789012345678901234567890\n\nid: 3\ndata: b\n\n";
    let limits = Limits::DEFAULT.checked(Limit::Line, 20).unwrap();
    let transport = MemoryTransport::answering(move |_| Reply::events().chunk(wire));
    let outcome = run(&mut source(&transport).limits(limits)).await;
    assert_eq!(outcome.data, ["a"]);
    assert_eq!(outcome.error, Some(ErrorKind::Decode));
    assert_eq!(outcome.after.as_secs(), 0);

    let transport = MemoryTransport::new().reply(Reply::events().chunk(wire));
    let mut events = source(&transport)
        .limits(limits)
        .on_oversized(Oversized::Skip);
    let outcome = run(&mut events).await;
    assert_eq!(outcome.data, ["a", "b"]);
    assert_eq!((outcome.skipped, outcome.error), (1, None));
    assert_eq!(ids(&transport)[1].as_deref(), Some("3"));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_skipped_on_every_connection_is_final() {
    let limits = Limits::DEFAULT.checked(Limit::Line, 20).unwrap();
    let long = "id: 2\ndata: 0123456789012345678901234567890\n\n";
    let attempt = |wires: &[String]| {
        let replies = wires.iter().map(|wire| Reply::events().chunk(wire.clone()));
        let transport = replies.fold(MemoryTransport::new(), MemoryTransport::reply);
        let mut events = source(&transport)
            .limits(limits)
            .comments()
            .on_oversized(Oversized::Skip)
            .last_event_id(1);
        async move {
            let outcome = run(&mut events).await;
            (outcome.skipped, outcome.error, transport.requests().len())
        }
    };
    let again = |times| vec![format!(": hi\n{long}"); times];
    // It is the last one, and stays the first after the last event ID.
    let twice = (1, Some(ErrorKind::Decode), 2);
    assert_eq!(attempt(&again(2)).await, twice);
    // Two in a row are not one again.
    assert_eq!(attempt(&[long.repeat(2)]).await, (2, None, 2));
    // After an event, or another id, it is not known to be the same.
    let event = format!("data: x\n\n{long}");
    assert_eq!(attempt(&vec![event; 3]).await, (3, None, 4));
    let ids = [3, 4, 5].map(|id| format!("id: {id}\n\n{long}"));
    assert_eq!(attempt(&ids).await, (3, None, 4));
}

#[tokio::test(start_paused = true)]
async fn half_an_event_is_given_out_only_where_asked_for() {
    let attempt = |reply: Reply, asked| async move {
        let transport = MemoryTransport::new().reply(reply);
        let mut events = source(&transport);
        if asked {
            events = events.dispatch_unterminated();
        }
        run(&mut events).await.data
    };
    let half = || Reply::events().chunk("data: a\n\ndata: b");
    assert_eq!(attempt(half(), false).await, ["a"]);
    assert_eq!(attempt(half(), true).await, ["a", "b"]);
    assert_eq!(attempt(half().error("reset"), true).await, ["a"]);
}

#[tokio::test(start_paused = true)]
async fn comments_are_items_where_asked_for() {
    let transport = MemoryTransport::new().reply(Reply::events().chunk(": hi\n\ndata: a\n\n"));
    let mut events = source(&transport).comments();
    let received = events.next().await.unwrap().unwrap();
    assert_eq!(received.event.comment.as_deref(), Some("hi"));
    assert_eq!(received.event.data, None);
    assert_eq!(events.next().await.unwrap().unwrap().data(), "a");
}
