//! Gaps as events.
#![cfg(feature = "json")]

use sse_core::{Decoder, Event, EventId, EventType, Gap, GapReason};

const WORDS: [&str; 8] = [
    "malformed",
    "unknown",
    "forked",
    "epoch",
    "rollback",
    "expired",
    "slow",
    "provider",
];

fn event(data: &'static str) -> Event {
    Event::new(data).event(Gap::EVENT_TYPE)
}

#[track_caller]
fn survives_the_wire(gap: &Gap) {
    let event = gap.to_event(Some(EventId::from(9)));
    let (received, error) = Decoder::new().decode_all(event.encode().into_bytes());
    assert_eq!(error, None);
    let [received] = &received[..] else {
        panic!("{received:?}");
    };
    assert_eq!(
        (&received.event, &received.last_event_id),
        (&event, &EventId::from(9))
    );
    assert_eq!(received.gap().as_ref(), Some(gap));
}

#[test]
fn a_gap_survives_the_wire_with_every_reason_and_member() {
    for word in WORDS {
        let reason = GapReason::from(word);
        assert!(!matches!(reason, GapReason::Other(_)), "{word}");
        assert_eq!((reason.as_str(), &*reason.to_string()), (word, word));
        survives_the_wire(&Gap::new(reason));
    }
    survives_the_wire(
        &Gap::new("maintenance")
            .requested("")
            .earliest(EventId::EMPTY)
            .missed_max(0),
    );
    survives_the_wire(
        &Gap::new("")
            .requested("7")
            .earliest(42)
            .missed_max(u64::MAX),
    );
}

#[test]
fn the_members_come_in_order_without_what_is_absent() {
    let data = |gap: &Gap| gap.to_event(None).data.unwrap();
    assert_eq!(data(&Gap::new("slow")), r#"{"reason":"slow"}"#);
    assert_eq!(
        data(
            &Gap::new(GapReason::Slow)
                .missed_max(3)
                .earliest(2)
                .requested("1")
        ),
        r#"{"reason":"slow","requested":"1","earliest":"2","missed_max":3}"#
    );
}

#[test]
fn no_text_of_a_gap_breaks_out_of_its_line() {
    let text = "x\r\n\ndata: forged\rid: 1\u{2028}\0\"}";
    let gap = Gap::new(text)
        .requested(text)
        .earliest(EventId::try_from("\"}\u{2028}").unwrap());
    survives_the_wire(&gap);
    assert_eq!(gap.to_event(None).encode().as_str().lines().count(), 3);
}

#[test]
fn unknown_members_are_ignored_and_null_is_absent() {
    let read = event(
        r#" {"more": [{}], "reason": "epoch", "missed_max": null, "requested": null, "earliest": null} "#,
    );
    assert_eq!(read.gap(), Some(Gap::new(GapReason::Epoch)));
}

#[test]
fn what_is_not_well_formed_is_no_gap() {
    for data in [
        "",
        "slow",
        "null",
        "[]",
        r#"["slow", null, null, null]"#,
        r#""slow""#,
        "{}",
        r#"{"reason": null}"#,
        r#"{"reason": 1}"#,
        r#"{"reason": "slow", "reason": "slow"}"#,
        r#"{"reason": "slow", "requested": 7}"#,
        r#"{"reason": "slow", "earliest": "a\n"}"#,
        r#"{"reason": "slow", "missed_max": -1}"#,
        r#"{"reason": "slow", "missed_max": 1.5}"#,
        r#"{"reason": "slow"} x"#,
    ] {
        assert_eq!(event(data).gap(), None, "{data}");
    }
    let well_formed = r#"{"reason": "slow"}"#;
    assert_eq!(Event::new(well_formed).gap(), None);
    let other = EventType::from_static("hub.gaps");
    assert_eq!(Event::new(well_formed).event(other).gap(), None);
    assert_eq!(Event::empty().event(Gap::EVENT_TYPE).gap(), None);
}
