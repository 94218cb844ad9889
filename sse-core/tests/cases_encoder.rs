#![forbid(unsafe_code)]
//! What events are written as, and what the doors of their text let through, case by case.

use std::time::Duration;

use sse_conformance::codec::{Fields, Oracle, check_wire};
use sse_core::{
    Encoder, Event, EventId, EventType, Field, FieldOrder, InvalidText, LineEnd, Retry, Sanitized,
    Strip,
};

#[track_caller]
fn check(event: &Event, wire: &str) {
    assert_eq!(event.encode(), wire);
    let crlf = Encoder::new().line_end(LineEnd::CrLf).encode(event);
    assert_eq!(crlf, wire.replace('\n', "\r\n").as_str());
    assert_eq!(
        Oracle::decode(wire.as_bytes()),
        Oracle::decode(crlf.as_bytes())
    );
}

#[test]
fn fields_come_in_order_and_absent_ones_not_at_all() {
    let event = Event::new("d")
        .comment("c")
        .retry(5_u8)
        .event(EventType::from_static("t"))
        .id(1);
    check(&event, "id: 1\nevent: t\nretry: 5\ndata: d\n: c\n\n");
    let order = Encoder::new().field_order(FieldOrder::EventFirst);
    assert_eq!(
        order.encode(&event),
        "event: t\ndata: d\nid: 1\nretry: 5\n: c\n\n"
    );
    check(&Event::empty(), "");
    check(&Event::empty().id(EventId::EMPTY), "id: \n\n");
    check(&Event::empty().retry(0_u8), "retry: 0\n\n");
    check(
        &Event::empty().retry(u64::MAX),
        "retry: 18446744073709551615\n\n",
    );
}

#[test]
fn data_is_split_at_its_line_ends_and_nowhere_else() {
    check(&Event::new(""), "data: \n\n");
    check(&Event::new("\n"), "data: \ndata: \n\n");
    check(&Event::new("\r"), "data: \ndata: \n\n");
    check(&Event::new("\r\n"), "data: \ndata: \n\n");
    check(
        &Event::new("\n\r\r\n"),
        "data: \ndata: \ndata: \ndata: \n\n",
    );
    check(&Event::new("a\rb"), "data: a\ndata: b\n\n");
    check(&Event::new("a\n"), "data: a\ndata: \n\n");
    check(&Event::new(" a"), "data:  a\n\n");
    check(
        &Event::new("\u{2028}\u{85}\u{b}\0\u{FEFF}"),
        "data: \u{2028}\u{85}\u{b}\0\u{FEFF}\n\n",
    );
    for length in [8 << 10, 1 << 20] {
        let long = "x".repeat(length);
        check(&Event::new(long.clone()), &format!("data: {long}\n\n"));
    }
}

#[test]
fn comments_are_lines_of_their_own_also_inside_an_event() {
    check(&Event::from_comment(""), ":\n\n");
    check(&Event::from_comment("note"), ": note\n\n");
    check(
        &Event::from_comment("a\r\nb\rc\nd\n"),
        ": a\n: b\n: c\n: d\n:\n\n",
    );
    check(
        &Event::new("x").comment("data: evil\n\nid: 6"),
        "data: x\n: data: evil\n:\n: id: 6\n\n",
    );
    let open = Encoder::new().open_comments();
    assert_eq!(
        open.encode_to_string(&Event::from_comment("note")),
        ": note\n"
    );
    assert_eq!(
        open.encode_to_string(&Event::new("x").comment("note")),
        "data: x\n: note\n\n"
    );
}

const NASTY: [&str; 14] = [
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\r\r\n\n",
    "\r\n\r\r\n\n",
    "a\nb",
    "a\rb",
    "a\0b",
    "\na",
    "a\r",
    "a\n\nid: 1\n",
    "a\u{2028}b\u{2029}\u{85}",
    "",
];

#[test]
fn no_text_gets_out_of_its_field_by_any_door() {
    for text in NASTY {
        let sanitized = Event::new(text)
            .event(EventType::sanitized(text, Strip::LineEnds))
            .id(EventId::sanitized(text, Strip::LineEnds))
            .comment(text);
        let part = Some(text.to_owned());
        let fields = Fields {
            event: part.clone(),
            data: part.clone(),
            id: part.clone(),
            retry: None,
            comment: part,
        };
        let wire = sanitized.encode();
        check_wire(&fields, wire.as_bytes()).unwrap_or_else(|broken| panic!("{text:?}: {broken}"));
        assert_eq!(Oracle::decode(wire.as_bytes()).events.len(), 1, "{text:?}");

        let line_end = text.contains(['\r', '\n']);
        let nul = text.contains('\0');
        assert_eq!(
            Event::empty().try_event(text).is_err(),
            line_end,
            "{text:?}"
        );
        assert_eq!(
            Event::empty().try_id(text).is_err(),
            line_end || nul,
            "{text:?}"
        );
        assert_eq!(
            Event::empty().try_comment(text).is_err(),
            line_end || nul,
            "{text:?}"
        );
        assert_eq!(
            EventType::strict(text).is_err(),
            text.contains(char::is_control),
            "{text:?}"
        );
        assert_eq!(
            std::panic::catch_unwind(|| EventId::from_static(text)).is_err(),
            line_end || nul,
            "{text:?}"
        );
        assert_eq!(
            std::panic::catch_unwind(|| EventType::from_static(text)).is_err(),
            line_end,
            "{text:?}"
        );
    }
}

#[test]
fn sanitizing_is_one_pass_and_tells_how_much_it_removed() {
    let cases = [
        ("a\r\r\n\nb", Strip::LineEnds, "ab", 4),
        ("\r\n\r\r\n\n", Strip::LineEnds, "", 6),
        ("a\0b\u{2028}", Strip::LineEnds, "a\0b\u{2028}", 0),
        ("a\0b\n", Strip::Nul, "ab", 2),
        (
            "a\u{2028}b\u{2029}c\u{85}",
            Strip::UnicodeSeparators,
            "abc\u{85}",
            2,
        ),
        ("a\u{1b}[31m\u{7f}\u{85}\t", Strip::Controls, "a[31m", 4),
    ];
    for (text, strip, kept, removed) in cases {
        let Sanitized {
            value,
            removed: actual,
            ..
        } = EventType::sanitized(text, strip);
        assert_eq!(
            (value.as_str(), actual),
            (kept, removed),
            "{text:?} {strip:?}"
        );
    }
    // An id can never hold NUL, whatever is asked for.
    assert_eq!(EventId::sanitized("a\0b", Strip::LineEnds).value, "ab");
}

#[test]
fn a_refusal_names_field_rule_and_place_and_gives_the_text_back() {
    let error: InvalidText = EventId::try_from("abc\ndata: evil").unwrap_err();
    assert_eq!((error.field(), error.offset()), (Field::EventId, 3));
    assert_eq!(
        error.to_string(),
        "id must not contain a line feed (at byte 3)"
    );
    assert_eq!(error.into_text(), "abc\ndata: evil");
    let error = EventType::try_from("é\r").unwrap_err();
    assert_eq!(
        error.to_string(),
        "event type must not contain a carriage return (at byte 2)"
    );
    let error = Event::empty().try_comment("\0").unwrap_err();
    assert_eq!(
        error.to_string(),
        "comment must not contain NUL (at byte 0)"
    );
}

#[test]
fn a_retry_is_checked_clamped_or_rounded_up() {
    assert_eq!(
        Retry::try_from(-1_i64).unwrap_err().to_string(),
        "retry must not be negative"
    );
    assert!(Retry::try_from(i128::MAX).is_err() && Retry::try_from(1_i32).is_ok());
    for (wanted, expected) in [(-5, 100), (100, 100), (500, 500), (1_000_000, 10_000)] {
        assert_eq!(Retry::clamped(wanted, 100..=10_000).as_millis(), expected);
    }
    assert_eq!(Retry::from(Duration::from_micros(1)).as_millis(), 1);
    assert_eq!(Retry::from(Duration::from_millis(7)).as_millis(), 7);
    assert_eq!(Retry::from(Duration::MAX).as_millis(), u64::MAX);
    assert!(Retry::try_from_duration(Duration::MAX).is_err());
}

#[test]
fn pieces_of_data_are_lines_and_its_length_is_checked() {
    let event = Event::new("a").append_data("b\r\nc").append_data("");
    check(&event, "data: a\ndata: b\ndata: c\ndata: \n\n");
    assert_eq!(event.data_len(), 7);
    assert!(event.clone().check_data_len(7).is_ok());
    let error = event.check_data_len(6).unwrap_err();
    assert_eq!(error.to_string(), "data must not exceed 6 bytes, it has 7");
}
