//! Typed data, and events as JSON.
#![cfg(feature = "json")]

use proptest::prelude::*;
use serde::Deserialize;
use sse_core::{
    Decoder, Event, EventId, EventType, JsonErrorKind, Received, SliceDecoder, Strip,
    json_html_safe,
};

fn decode(wire: &'static str) -> Received {
    Decoder::new().decode_all(wire).0.remove(0)
}

#[derive(Debug, Deserialize, PartialEq)]
struct Delta<'a> {
    text: &'a str,
    index: u32,
}

#[test]
fn typed_data_borrows_from_the_event() {
    let received = decode("data: {\"text\": \"hi\",\ndata: \"index\": 3}\n\n");
    assert_eq!(
        received.json::<Delta<'_>>().unwrap(),
        Delta {
            text: "hi",
            index: 3
        }
    );

    let mut decoder = SliceDecoder::new();
    let mut events = decoder.decode(b"data: {\"text\": \"hi\", \"index\": 3}\n\n");
    let event = events.next().unwrap().unwrap();
    assert_eq!(
        event.json::<Delta<'_>>().unwrap(),
        Delta {
            text: "hi",
            index: 3
        }
    );
}

#[test]
fn data_that_does_not_fit_is_an_error_with_its_place() {
    let kind = |wire| decode(wire).json::<Delta<'_>>().unwrap_err();
    assert_eq!(kind("data: [DONE]\n\n").kind(), JsonErrorKind::Syntax);
    assert_eq!(kind("data:\n\n").kind(), JsonErrorKind::Syntax);
    let error = kind("data: {\"text\": \"hi\",\ndata: \"index\": -1}\n\n");
    assert_eq!(
        (error.kind(), error.line(), error.column()),
        (JsonErrorKind::Data, 2, 11)
    );
    let deep: &'static str = format!("data: {}\n\n", "[".repeat(100_000)).leak();
    assert_eq!(
        decode(deep).json::<serde_json::Value>().unwrap_err().kind(),
        JsonErrorKind::Syntax
    );
}

#[test]
fn a_value_becomes_data_on_one_line() {
    let event = Event::empty()
        .id(1)
        .json_data(&serde_json::json!({"text": "a\nb"}))
        .unwrap();
    assert_eq!(event.encode(), "id: 1\ndata: {\"text\":\"a\\nb\"}\n\n");
    let no_text_keys = std::collections::BTreeMap::from([(vec![1], 2)]);
    assert_eq!(
        Event::json(&no_text_keys).unwrap_err().to_string(),
        "value must be one that JSON can hold"
    );
}

#[test]
fn a_json_error_never_repeats_its_input() {
    #[derive(Debug, Deserialize)]
    enum Kind {
        Known,
    }

    #[track_caller]
    fn check(error: &sse_core::JsonError, expected: &str) {
        let place = format!(" at line {} column {}", error.line(), error.column());
        assert_eq!(error.to_string(), expected.to_owned() + &place);
        let everything = format!("{error:?} {error:#}");
        assert!(!everything.contains("SECRET"), "{everything}");
        assert!(std::error::Error::source(error).is_none());
    }

    let of_event = |json: &str| Event::from_json(json).unwrap_err();
    check(
        &of_event(r#"{"retry": "SECRET, expected x"}"#),
        &format!(
            "JSON must have a whole number of milliseconds from 0 to {} as `retry`",
            u64::MAX
        ),
    );
    check(
        &of_event(r#"{"event": "SECRET\n"}"#),
        "`event`: event type must not contain a line feed (at byte 6)",
    );
    check(
        &of_event(r#"{"comment": ["a", {"SECRET": 1}]}"#),
        "JSON must have text as `comment`",
    );
    check(
        &of_event(r#""SECRET`x`""#),
        "JSON must have an event as a map of event, data, id, retry and comment",
    );
    check(&of_event("SECRET"), "text must be JSON");
    check(
        &Event::from_json_lenient(r#""SECRET""#).unwrap_err(),
        "JSON must fit the type that is read",
    );
    let received = |wire| decode(wire);
    check(
        &received("data: \"SECRET\"\n\n").json::<u32>().unwrap_err(),
        "JSON must fit the type that is read",
    );
    let unknown = received("data: \"SECRET\"\n\n").json::<Kind>().unwrap_err();
    check(&unknown, "JSON must fit the type that is read");
    assert!(unknown.detail().to_string().contains("SECRET"));
    check(
        &received("data: {\"SECRET\": \n\n")
            .json::<serde_json::Value>()
            .unwrap_err(),
        "JSON must be whole",
    );
}

#[test]
fn events_read_from_json() {
    let check = |json: &str, expected: Event| {
        assert_eq!(Event::from_json(json).unwrap(), expected, "{json}");
        assert_eq!(Event::from_json_lenient(json).unwrap(), expected, "{json}");
    };
    check("{}", Event::empty());
    check(r#"{"data": ""}"#, Event::new(""));
    check(
        r#" {"more": [{}], "data": "x", "Data": 1} "#,
        Event::new("x"),
    );
    check(
        r#"{"event": "t", "data": "a\nb", "id": "7", "retry": 18446744073709551615, "comment": "c"}"#,
        Event::new("a\nb")
            .event(EventType::from_static("t"))
            .id(7)
            .retry(u64::MAX)
            .comment("c"),
    );
    check(r#"{"comment": ["a", "b"]}"#, Event::from_comment("a\nb"));
    check(
        r#"{"event": "", "id": ""}"#,
        Event::empty()
            .event(EventType::from_static(""))
            .id(EventId::EMPTY),
    );
    check(
        r#"{"event": "a\u0000b\u2028"}"#,
        Event::empty().try_event("a\0b\u{2028}").unwrap(),
    );
}

#[test]
fn the_strict_reader_names_the_key_and_the_lenient_one_takes_it_for_absent() {
    let wrong = [
        ("event", "null"),
        ("event", "1"),
        ("event", "[]"),
        ("event", r#""a\nb""#),
        ("event", r#""a\r""#),
        ("data", "null"),
        ("data", "1.5"),
        ("data", "{}"),
        ("data", "true"),
        ("id", "null"),
        ("id", "7"),
        ("id", r#""\u0000""#),
        ("id", r#""\n""#),
        ("retry", "null"),
        ("retry", "-1"),
        ("retry", "1.5"),
        ("retry", "1e3"),
        ("retry", r#""5""#),
        ("retry", "[5]"),
        ("retry", "18446744073709551616"),
        ("retry", "-9223372036854775809"),
        ("comment", "null"),
        ("comment", "1"),
        ("comment", "{}"),
        ("comment", "[]"),
        ("comment", "[1]"),
    ];
    for (key, value) in wrong {
        let json = format!(r#"{{"{key}": {value}}}"#);
        let error = Event::from_json(&json).unwrap_err();
        assert_eq!(error.kind(), JsonErrorKind::Data, "{json}");
        assert!(
            error.to_string().contains(&format!("`{key}`")),
            "{json}: {error}"
        );
        assert_eq!(
            Event::from_json_lenient(&json).unwrap(),
            Event::empty(),
            "{json}"
        );
    }
    let twice = Event::from_json(r#"{"data": "a", "data": "b"}"#).unwrap_err();
    assert!(twice.to_string().contains("`data`"), "{twice}");
}

#[test]
fn what_is_no_object_is_an_error_for_both_readers() {
    for json in [
        "null",
        "1",
        "\"data\"",
        "[]",
        "[\"data\"]",
        "true",
        "",
        "{",
        "{}{}",
        "data: x",
        "{\"data\": \"\u{1}\"}",
    ] {
        assert!(Event::from_json(json).is_err(), "{json}");
        assert!(Event::from_json_lenient(json).is_err(), "{json}");
    }
    assert!(Event::from_json(b"{\"data\": \"\xff\"}").is_err());
}

#[test]
fn html_safe_json_has_nothing_that_ends_an_element() {
    let text = "</script><!-- & ' \" \u{2028}\u{2029}é\\u003c";
    let json = json_html_safe(&Event::new(text)).unwrap();
    assert!(
        !json.contains(['<', '>', '&', '\'', '\u{2028}', '\u{2029}']),
        "{json}"
    );
    assert_eq!(Event::from_json(&json).unwrap().data.as_deref(), Some(text));
}

#[test]
fn values_go_through_the_checked_doors() {
    assert!(serde_json::from_str::<EventId>(r#""a\n""#).is_err());
    assert!(serde_json::from_str::<EventType>(r#""a\r""#).is_err());
    assert_eq!(
        serde_json::from_value::<EventId>("7".into()).unwrap(),
        EventId::from(7)
    );
}

proptest! {
    #[test]
    fn an_event_survives_json(event in any::<Option<String>>(), data in any::<Option<String>>(), id in any::<Option<String>>(),
                              retry in any::<Option<u64>>(), comment in any::<Option<String>>()) {
        let mut all = Event::empty();
        all.event = event.map(|text| EventType::sanitized(text, Strip::LineEnds).value);
        all.data = data.map(Into::into);
        all.id = id.map(|text| EventId::sanitized(text, Strip::LineEnds).value);
        all.retry = retry.map(Into::into);
        all.comment = comment.map(Into::into);
        let json = all.to_json();
        prop_assert_eq!(&Event::from_json(&json).unwrap(), &all);
        prop_assert_eq!(&Event::from_json_lenient(&json).unwrap(), &all);
        prop_assert_eq!(&Event::from_json(json_html_safe(&all).unwrap()).unwrap(), &all);
    }
}
