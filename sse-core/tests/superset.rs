//! What smaller libraries for event streams offer has its place here: one test for each group of their features.

use std::num::NonZeroUsize;

use sse_core::{
    DecodeErrorKind, Decoder, DecoderOptions, EncodedBatch, EncodedEvent, Encoder, Event, EventId,
    EventType, EventsError, FieldOrder, IteratorExt as _, Limit, Limits, LineEnd, Lint, Received,
    ReconnectState, Retry, Strip, lint::Code,
};

// An illegal literal would not compile.
const TICK: EventType = EventType::from_static("tick");

fn decode(options: DecoderOptions, wire: &'static str) -> Vec<Received> {
    wire.split_inclusive('\n')
        .events_with(options)
        .map(Result::unwrap)
        .collect()
}

#[test]
fn an_event_is_made_of_parts_set_one_by_one_and_read_back() {
    let named = Event::new("x")
        .event(TICK)
        .id("7".parse::<EventId>().unwrap())
        .retry(5_u64)
        .comment("c");
    let mut parts = Event::default();
    parts.event = Some(TICK);
    parts.data = Some("x".into());
    parts.id = Some(EventId::from(7));
    parts.retry = Some(Retry::from_millis(5));
    parts.comment = Some("c".into());
    assert_eq!(named, parts);
}

#[test]
fn illegal_text_is_stripped_refused_or_a_compile_error() {
    let stripped = EventType::sanitized("a\r\nb", Strip::LineEnds);
    assert_eq!((stripped.value.as_str(), stripped.removed), ("ab", 2));
    let refused = Event::empty().try_id("a\nb").unwrap_err();
    assert_eq!(refused.into_text(), "a\nb");
    assert_eq!(TICK, "tick");
}

#[test]
fn a_retry_is_never_negative_and_can_be_clamped_at_both_ends() {
    assert!(Retry::try_from(-1_i64).is_err());
    assert_eq!(
        Retry::clamped(-1_i64, 1000..=60_000),
        Retry::from_millis(1000)
    );
    assert_eq!(
        Retry::clamped(99_000_u64, 1000..=60_000),
        Retry::from_millis(60_000)
    );
}

#[test]
fn comments_and_keep_alives_are_events_that_dispatch_nothing() {
    assert_eq!(Event::from_comment("").encode(), ":\n\n");
    assert_eq!(
        Event::from_comment("two\nlines").encode(),
        ": two\n: lines\n\n"
    );
    assert!(Event::empty().try_comment("two\nlines").is_err());
    let all = decode(DecoderOptions::new().comments(), ": note\n\ndata: x\n\n");
    let (events, comments): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|it| it.event.data.is_some());
    assert_eq!(
        (events[0].data(), comments[0].event.comment.as_deref()),
        ("x", Some("note"))
    );
}

#[test]
fn one_event_or_a_list_becomes_text_or_bytes_with_either_line_end() {
    let list = [Event::new("a\nb"), Event::from_comment("c")];
    for (end, expected) in [
        (LineEnd::Lf, "data: a\ndata: b\n\n: c\n\n"),
        (LineEnd::CrLf, "data: a\r\ndata: b\r\n\r\n: c\r\n\r\n"),
    ] {
        let encoder = Encoder::new().line_end(end);
        let one_by_one: String = list
            .iter()
            .map(|event| encoder.encode_to_string(event))
            .collect();
        let shared: EncodedBatch = list.iter().map(|event| encoder.encode(event)).collect();
        assert_eq!(one_by_one, expected);
        assert_eq!(shared.as_bytes(), expected);
        assert_eq!(encoder.encode_all(&list), expected);
        assert_eq!(encoder.encode_all_to_string(&list), expected);
    }
}

#[test]
fn a_stream_is_decoded_whole_or_in_chunks_within_limits() {
    let (events, error) = Decoder::new().decode_all("data: a\n\ndata: b\n\n");
    assert_eq!((events.len(), error), (2, None));

    let mut decoder = Decoder::with_options(DecoderOptions::new().limits(Limits::STRICT));
    decoder.push(&b"data: a"[..]);
    assert!(decoder.next().is_none());
    decoder.push(String::from("\n\n"));
    assert_eq!(decoder.next().unwrap().unwrap().data(), "a");
    assert!(decoder.finish().is_none());
}

#[test]
fn limits_are_presets_or_checked_numbers() {
    let limits = Limits::STRICT.checked(Limit::Event, 10).unwrap();
    assert!(Limits::STRICT.checked(Limit::Event, 0).is_err());
    let options = DecoderOptions::new().limits(limits);
    let (events, error) = Decoder::with_options(options).decode_all("data: a\n\ndata: 67890\n\n");
    assert_eq!(events.len(), 1);
    assert_eq!(
        error.unwrap().kind(),
        DecodeErrorKind::TooLarge(Limit::Event)
    );
    let whole = Limits::UNLIMITED.stream(NonZeroUsize::new(12).unwrap());
    let (events, error) =
        Decoder::with_options(options.limits(whole)).decode_all("data: a\n\ndata: b\n\n");
    assert_eq!((events.len(), error.unwrap().limit()), (1, 12));
}

#[test]
fn values_are_checked_where_they_are_made() {
    assert!(EventType::try_from("a\nb").is_err());
    assert!(EventType::strict("a\0b").is_err());
    assert!(Event::new("12345").check_data_len(4).is_err());
}

#[test]
fn a_reconnect_state_gives_header_and_bounded_delay() {
    let mut state = ReconnectState::new();
    for received in decode(
        DecoderOptions::new(),
        "id: 7\nretry: 99999999999\ndata: x\n\n",
    ) {
        state.observe(&received);
    }
    assert_eq!(state.header(), Some(("last-event-id", &b"7"[..])));
    assert_eq!(state.delay().as_secs(), 24 * 60 * 60);
    assert_eq!(ReconnectState::new().header(), None);
}

#[test]
fn iterators_are_encoded_and_decoded_lazily() {
    let wire = (0..).map(|n: u32| Event::new(n.to_string())).encoded();
    let numbers: Vec<String> = wire
        .events()
        .take(3)
        .map(|it| it.unwrap().data().to_owned())
        .collect();
    assert_eq!(numbers, ["0", "1", "2"]);
}

#[test]
fn every_error_says_in_words_what_is_wrong() {
    let options =
        DecoderOptions::new().limits(Limits::UNLIMITED.line(NonZeroUsize::new(4).unwrap()));
    let error: EventsError<_> = ["data: x\n\n"]
        .into_iter()
        .events_with(options)
        .next()
        .unwrap()
        .unwrap_err();
    assert!(
        error.to_string().contains("must not exceed 4 bytes"),
        "{error}"
    );
    let error: Box<dyn std::error::Error> = Box::new(EventType::try_from("\n").unwrap_err());
    assert_eq!(
        error.to_string(),
        "event type must not contain a line feed (at byte 0)"
    );
}

#[test]
fn readings_that_differ_from_the_standard_are_options() {
    let cut = "data: whole\n\nevent: tick\n\ndata: cut";
    let standard = DecoderOptions::new();
    assert_eq!(decode(standard, cut).len(), 1);
    assert_eq!(
        decode(standard.dispatch_unterminated(), cut)[1].data(),
        "cut"
    );
    let dataless = &decode(standard.dataless_blocks(), cut)[1];
    assert_eq!(
        (dataless.event_type(), dataless.data(), &dataless.event.data),
        ("tick", "", &None)
    );
    let (_, lossy) = Decoder::new().decode_all(&b"data: \xff\n\n"[..]);
    let (_, refused) =
        Decoder::with_options(standard.reject_invalid_utf8()).decode_all(&b"data: \xff\n\n"[..]);
    assert_eq!(
        (lossy, refused.unwrap().kind()),
        (None, DecodeErrorKind::InvalidUtf8)
    );
}

#[test]
fn the_order_of_fields_can_be_event_data_id_retry() {
    let event = Event::new("x").event(TICK).id(7).retry(5_u64);
    let encoder = Encoder::new().field_order(FieldOrder::EventFirst);
    assert_eq!(
        encoder.encode(&event),
        "event: tick\ndata: x\nid: 7\nretry: 5\n\n"
    );
}

#[test]
fn a_keep_alive_is_written_with_or_without_a_blank_line() {
    assert_eq!(
        Encoder::new().encode(&Event::from_comment("still here")),
        ": still here\n\n"
    );
    assert_eq!(
        Encoder::new()
            .open_comments()
            .encode_to_string(&Event::from_comment("")),
        ":\n"
    );
}

#[test]
fn a_decoder_tells_what_is_pending_and_is_used_again() {
    let mut decoder = Decoder::new();
    decoder.push("id: 7\ndata: a\n\ndata: cut");
    while decoder.next().is_some() {}
    assert!(decoder.in_event() && decoder.buffered() > 0 && decoder.position() == 24);
    decoder.reset();
    assert!(!decoder.in_event());
    decoder.push("data: b\n\n");
    assert_eq!(decoder.next().unwrap().unwrap().data(), "b");
    assert_eq!(decoder.last_event_id(), &"7");
}

#[test]
fn a_stream_is_validated_with_a_strict_level_that_is_stricter() {
    let codes = |lint: Lint, wire: &str| {
        lint.check(wire.as_bytes())
            .iter()
            .map(|it| it.code)
            .collect::<Vec<_>>()
    };
    let wire = "foo: x\nretry: 1s\ndata: x\n\n";
    assert_eq!(codes(Lint::spec(), wire), [Code::RetryNotDigits]);
    assert_eq!(
        codes(Lint::spec().known_fields_only(), wire),
        [Code::UnknownField, Code::RetryNotDigits]
    );
    assert_eq!(
        codes(Lint::strict(), "id\ndata: x\r\n\n"),
        [Code::MissingColon, Code::MixedLineEnds]
    );
}

#[cfg(feature = "json")]
#[test]
fn events_go_to_json_and_come_back_strictly_or_leniently() {
    let event = Event::new("x").event(TICK).id(7).retry(5_u64);
    assert_eq!(
        event.to_json(),
        r#"{"event":"tick","data":"x","id":"7","retry":5}"#
    );
    assert_eq!(Event::from_json(event.to_json()).unwrap(), event);
    let wrong = r#"{"data": "x", "id": 7, "retry": -1}"#;
    assert!(Event::from_json(wrong).is_err());
    assert_eq!(Event::from_json_lenient(wrong).unwrap(), Event::new("x"));
}

#[test]
fn events_compare_and_are_shown_escaped_and_cut() {
    assert_ne!(Event::new(""), Event::empty());
    assert_eq!(
        Event::new("a\u{1b}[2J").id(7).to_string(),
        r#"id="7" data="a\u{1b}[2J""#
    );
    assert!(Event::new("é".repeat(1000)).to_string().len() < 200);
}

#[test]
fn unicode_separators_are_no_line_ends_and_can_be_stripped() {
    assert_eq!(Event::new("a\u{2028}b").encode(), "data: a\u{2028}b\n\n");
    assert_eq!(
        EventId::sanitized("a\u{2028}\u{2029}\0b", Strip::UnicodeSeparators).value,
        "ab"
    );
}

#[test]
fn values_and_decoders_may_be_sent_and_shared() {
    const fn shareable<T: Send + Sync + 'static>() {}
    const {
        shareable::<Event>();
        shareable::<EncodedEvent>();
        shareable::<Decoder>();
        shareable::<ReconnectState>();
        shareable::<Lint>();
    }
}
