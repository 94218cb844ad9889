#![forbid(unsafe_code)]
//! What a stream means, case by case; each whole and byte by byte, at both levels, and as the oracle says.

use sse_conformance::codec::{Bound, Cuts, Decoded, Oracle, Real, Surface, decode};
use sse_core::{Bytes, Decoder, DecoderOptions, EventId, Received, SliceDecoder};

/// Checks the data of the events of a stream.
#[track_caller]
fn check(stream: impl AsRef<[u8]>, data: &[&str]) {
    let seen = outcome(stream.as_ref());
    let actual: Vec<&str> = seen
        .blocks
        .iter()
        .filter_map(|block| block.fields.data.as_deref())
        .collect();
    assert_eq!(
        actual,
        data,
        "{:?}",
        Bytes::copy_from_slice(stream.as_ref())
    );
}

#[track_caller]
fn check_last_id(stream: &str, id: &str) {
    assert_eq!(outcome(stream.as_bytes()).last_event_id, id, "{stream:?}");
}

#[track_caller]
fn check_retry(value: &str, retry: Option<u64>) {
    let stream = format!("retry:{value}\n");
    assert_eq!(outcome(stream.as_bytes()).retry, retry, "{stream:?}");
}

#[track_caller]
fn check_type(stream: &str, event_type: &str) {
    assert_eq!(
        outcome(stream.as_bytes()).outcome().events[0].event,
        event_type,
        "{stream:?}"
    );
}

#[track_caller]
fn outcome(stream: &[u8]) -> Decoded {
    let stream = Bytes::copy_from_slice(stream);
    let mut first = None;
    for codec in Real::ALL {
        for cuts in [Cuts::Whole, Cuts::Every(1), Cuts::Every(3)] {
            let seen = decode(
                &codec,
                Surface::Comments,
                Bound::Unlimited,
                cuts.cut(&stream),
            );
            assert_eq!(
                seen.outcome(),
                Oracle::decode(&stream),
                "{cuts:?} of {stream:?}"
            );
            seen.same_as(first.get_or_insert_with(|| seen.clone()))
                .unwrap_or_else(|what| panic!("{cuts:?} of {stream:?}: {what}"));
        }
    }
    first.expect("there are chunkings")
}

#[test]
fn all_fields_of_a_block_arrive() {
    let seen = outcome(b"event: ping\ndata: hello\nid: 1\nretry: 1000\n\n");
    let fields = &seen.blocks[0].fields;
    assert_eq!(fields.event.as_deref(), Some("ping"));
    assert_eq!(fields.data.as_deref(), Some("hello"));
    assert_eq!(fields.id.as_deref(), Some("1"));
    assert_eq!(fields.retry, Some(1000));
}

#[test]
fn unknown_fields_are_ignored() {
    check("foo: bar\ndata: ok\nanother\n\n", &["ok"]);
    check("data : x\nData: x\n:data: x\ndata:a:b\n\n", &["a:b"]);
}

#[test]
fn every_line_end_counts_once() {
    check("event: e\r\ndata: x\r\nid: 1\r\n\r\n", &["x"]);
    check("data: a\rdata: b\r\r", &["a\nb"]);
    check("data: a\rdata: b\ndata: c\r\n\r", &["a\nb\nc"]);
    check(
        "data: test\r\n\r\n\r\ndata: next\r\n\r\n",
        &["test", "next"],
    );
    check("data: a\n\r\n\r\ndata: b\n\r\n\r\n", &["a", "b"]);
    check(
        "data: a\u{2028}b\u{85}c\u{b}d\n\n",
        &["a\u{2028}b\u{85}c\u{b}d"],
    );
}

#[test]
fn a_cr_ends_the_event_at_once_and_one_line_feed_after_it_is_swallowed() {
    for codec in Real::ALL {
        let chunks = [
            "data: x\r",
            "\r",
            "\n",
            "data: y\r\n\r",
            "\ndata: z",
            "\r",
            "\r",
        ];
        let seen = decode(
            &codec,
            Surface::Events,
            Bound::Default,
            chunks.map(|chunk| Bytes::from_static(chunk.as_bytes())),
        );
        assert_eq!(seen.after_chunk, [0, 1, 1, 2, 2, 2, 3]);
    }
}

#[test]
fn only_one_byte_order_mark_at_the_start_is_stripped() {
    check(b"\xEF\xBB\xBFdata: x\n\n", &["x"]);
    check(b"\xEF\xBB\xBF\xEF\xBB\xBFdata: x\n\ndata: y\n\n", &["y"]);
    check(b"data: x\n\n\xEF\xBB\xBFdata: y\n\n", &["x"]);
    check(
        "data: \u{FEFF}x\ndata:\u{FEFF}x\n\n",
        &["\u{FEFF}x\n\u{FEFF}x"],
    );
    check(b"\xEF\xBB\xBF", &[]);
    check(b"\xEF\xBBdata: x\n\ndata: y\n\n", &["y"]);
    check(b"\xEF\xBB\xBF\ndata: x\n\n", &["x"]);
}

#[test]
fn characters_survive_wherever_the_stream_is_cut() {
    check("data: 🦀é日\n\n", &["🦀é日"]);
    for mark in ["\u{1B00}", "\u{301}"] {
        check_type(&format!("event: {mark}E\ndata\n\n"), &format!("{mark}E"));
        check_last_id(&format!("id: {mark}1\n\n"), &format!("{mark}1"));
        for space in ["", " "] {
            let comment = format!("{mark}note");
            assert_eq!(
                outcome(format!(":{space}{comment}\n").as_bytes())
                    .outcome()
                    .comments,
                [comment]
            );
        }
    }
}

#[test]
fn what_is_not_utf_8_is_replaced_part_by_part() {
    check(b"data: a\xFFb\n\n", &["a\u{FFFD}b"]);
    check(b"data: \xE2\x82\n\n", &["\u{FFFD}"]);
    check(
        b"data: \xF0\x9F\xA6\ndata: \x80\n\n",
        &["\u{FFFD}\n\u{FFFD}"],
    );
    check(
        b"da\xFFta: x\ndata: y\xED\xA0\x80\n\n",
        &["y\u{FFFD}\u{FFFD}\u{FFFD}"],
    );
    assert_eq!(
        outcome(b": \xC0\xAF\n").outcome().comments,
        ["\u{FFFD}\u{FFFD}"]
    );
    check(b"data: x\n\ndata: \xE2\x82", &["x"]);
}

#[test]
fn bad_utf_8_is_refused_where_that_was_asked_for() {
    let options = DecoderOptions::new().comments().reject_invalid_utf8();
    for bad in ["data: \u{FF}", "event: \u{FF}", "id: \u{FF}", ": \u{FF}"] {
        let bad: Vec<u8> = bad
            .chars()
            .map(|character| u8::try_from(u32::from(character)).unwrap())
            .collect();
        let stream = [b"id: 7\ndata: before\n\n", &bad[..], b"\n\ndata: after\n\n"].concat();
        let (events, error) = Decoder::with_options(options).decode_all(stream.clone());
        assert_eq!(events.len(), 1, "{bad:?}");
        let error = error.unwrap();
        assert_eq!((error.offset(), error.is_fatal()), (20, true));
        assert_eq!(error.to_string(), "field must be UTF-8 (line at byte 20)");
        // A truncated character at the end of a line, and in a field of no use.
        let (events, error) = Decoder::with_options(options.skip_oversized()).decode_all(stream);
        assert_eq!((events.len(), error), (2, None));
    }
    let (events, error) = Decoder::with_options(options).decode_all(&b"foo: \xFF\ndata: x\n\n"[..]);
    assert_eq!((events.len(), error), (1, None));
}

#[test]
fn data_may_be_empty_and_keeps_its_line_feeds() {
    check("data:\n\n", &[""]);
    check("data\ndata\n\n", &["\n"]);
    check("data:\n\ndata\ndata\n\ndata:test", &["", "\n"]);
    check("data: a\ndata\ndata\n\n", &["a\n\n"]);
    check("data:  v\n\ndata:v\n\ndata: v \n\n", &[" v", "v", "v "]);
}

#[test]
fn retry_is_digits_and_nothing_else() {
    for (value, retry) in [
        ("0", 0),
        (" 1500", 1500),
        ("007", 7),
        (" 9223372036854775808", 1 << 63),
    ] {
        check_retry(value, Some(retry));
    }
    for value in [
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999",
        "000000000000000000000018446744073709551615",
    ] {
        check_retry(value, Some(u64::MAX));
    }
    check_retry("0000000000000000000000005", Some(5));
    for value in [
        "", " ", "  5", "+5", "-1", "12.5", "1_000", "0x10", "\u{663}", "1e3", "5x", "5 ", "\t5",
    ] {
        check_retry(value, None);
    }
    assert_eq!(outcome(b"retry: 2000\nretry: 1000x\n").retry, Some(2000));
    assert_eq!(outcome(b"retry: 2000").retry, None);
}

#[test]
fn an_id_counts_at_the_blank_line_and_then_stays() {
    check_last_id("id: 1\ndata: x\n\n", "1");
    check_last_id("id: 1\n\nid: 2\ndata: half", "1");
    check_last_id("id: 1\n\nid: 2\n", "1");
    check_last_id("id: 1\n\n", "1");
    check_last_id("id: 1\n\nid: a\0b\n\n", "1");
    check_last_id("id: 1\n\nid:\n\n", "");
    check_last_id("id: 1\n\nid\n\n", "");
    check_last_id("id: 1\nid: 2\n\n", "2");
    let seen = outcome(b"id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n");
    let ids: Vec<&str> = seen
        .blocks
        .iter()
        .map(|block| block.last_event_id.as_str())
        .collect();
    assert_eq!(ids, ["1", "1", "2"]);
    assert_eq!(seen.blocks[1].fields.id, None);
}

#[test]
fn an_empty_type_is_message_and_a_type_does_not_outlive_its_block() {
    check_type("event:\ndata: x\n\n", "message");
    check_type("data: x\n\n", "message");
    check_type("event: gone\n\ndata: x\n\n", "message");
    check_type("event: a\nevent: b\ndata: x\n\n", "b");
    check_type("event: a\0b\ndata: x\n\n", "a\0b");
}

#[test]
fn comments_between_data_lines_do_no_harm() {
    let long = "x".repeat(2048);
    check(
        format!("data: 1\n:\0\n:{long}\ndata: 2\n:\ndata: 3\0\n\n"),
        &["1\n2\n3\0"],
    );
}

#[test]
fn streams_without_events_give_none() {
    check("", &[]);
    check(":\n: a\n\n", &[]);
    check("\n".repeat(100_000), &[]);
    check("data: cut", &[]);
    check("data: cut\n", &[]);
}

#[test]
fn streams_as_services_send_them() {
    check(
        "data: {\"choices\":[{\"delta\":{\"content\":\"He:\\n\"}}]}\n\ndata: [DONE]\n\n",
        &[
            "{\"choices\":[{\"delta\":{\"content\":\"He:\\n\"}}]}",
            "[DONE]",
        ],
    );
    check(
        "data: {\ndata:   \"a\": 1\ndata: }\n\n",
        &["{\n  \"a\": 1\n}"],
    );
    let many: Vec<String> = (0..100)
        .map(|number| format!("id: {number}\ndata: {number}\n\n"))
        .collect();
    let numbers: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    check(
        many.concat(),
        &numbers.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let lines = vec!["line"; 1000];
    check(
        format!("data: {}\n\n", lines.join("\ndata: ")),
        &[&lines.join("\n")],
    );
}

#[test]
fn an_unterminated_block_is_given_out_only_where_that_was_asked_for() {
    let options = DecoderOptions::new().dispatch_unterminated();
    for (stream, data, id) in [
        ("data: x", Some("x"), ""),
        ("data: x\n", Some("x"), ""),
        ("id: 5\ndata: x\ndata: y", Some("x\ny"), "5"),
        ("data: x\nid: 5", Some("x"), "5"),
        ("id: 5\n", None, "5"),
        ("data: x\n\n", None, ""),
        ("", None, ""),
    ] {
        let mut owned = Decoder::with_options(options);
        let mut borrowed = SliceDecoder::with_options(options);
        for byte in stream.bytes() {
            owned.push(vec![byte]);
            while owned.next().is_some() {}
            let mut events = borrowed.decode(std::slice::from_ref(&byte));
            while events.next().is_some() {}
        }
        let last = owned.finish().map(Result::unwrap);
        assert_eq!(last.as_ref().map(Received::data), data, "{stream:?}");
        assert_eq!(owned.last_event_id().as_str(), id, "{stream:?}");
        let last = borrowed
            .finish()
            .map(|event| event.unwrap().data().to_owned());
        assert_eq!(last.as_deref(), data, "{stream:?}");
        assert_eq!(borrowed.last_event_id(), id, "{stream:?}");
    }
}

#[test]
fn blocks_without_data_are_given_out_only_where_that_was_asked_for() {
    let stream = "id: 1\n\nretry: 5\n\nevent: e\n\nfoo: x\n\n\n\n: c\n\nid: a\0\n\nretry: x\n\n";
    let (events, _) =
        Decoder::with_options(DecoderOptions::new().dataless_blocks()).decode_all(stream);
    assert_eq!(events.len(), 3);
    assert_eq!(events[0].event.id.as_ref().unwrap().as_str(), "1");
    assert_eq!(events[1].event.retry.unwrap().as_millis(), 5);
    assert_eq!(events[2].event.event.as_ref().unwrap().as_str(), "e");
    assert!(
        events
            .iter()
            .all(|received| received.event.data.is_none() && received.last_event_id == "1")
    );
    assert!(Decoder::new().decode_all(stream).0.is_empty());
}

#[test]
fn a_resumed_decoder_gives_its_id_to_events_without_one() {
    let id = EventId::from_static("41");
    let mut owned = Decoder::resume(id.clone());
    owned.push(": keep-alive\n\ndata: x\n\n");
    assert_eq!(owned.next().unwrap().unwrap().last_event_id, id);
    let mut borrowed = SliceDecoder::resume(&id);
    let mut events = borrowed.decode(b"\n\ndata: x\n\n");
    assert_eq!(events.next().unwrap().unwrap().last_event_id(), "41");
}

#[test]
fn a_reset_forgets_the_stream_and_keeps_id_and_retry() {
    let mut decoder = Decoder::new();
    decoder.push("\u{FEFF}id: 1\nretry: 9\n\nid: 2\ndata: half\r");
    assert_eq!(decoder.next(), None);
    assert!(decoder.in_event() && decoder.buffered() > 0 && decoder.position() > 0);
    decoder.reset();
    assert_eq!(
        (decoder.position(), decoder.buffered(), decoder.in_event()),
        (0, 0, false)
    );
    // A mark is stripped again, and the line feed is the new stream's own.
    decoder.push("\u{FEFF}\ndata: whole\n\n");
    let received = decoder.next().unwrap().unwrap();
    assert_eq!(
        (received.data(), received.last_event_id.as_str()),
        ("whole", "1")
    );
    assert_eq!(decoder.reconnection_time().unwrap().as_millis(), 9);
}

#[test]
fn position_counts_every_byte_and_asking_again_changes_nothing() {
    let stream = "\u{FEFF}data: é\r\n\r\n: c\n\nid: 1\n";
    let mut decoder = Decoder::new();
    for (at, byte) in stream.bytes().enumerate() {
        decoder.push(vec![byte]);
        while decoder.next().is_some() {}
        for _ in 0..3 {
            assert_eq!(decoder.next(), None);
            decoder.push("");
        }
        assert_eq!(decoder.position(), at as u64 + 1);
    }
    assert!(decoder.in_event());
}

#[test]
fn input_pushed_ahead_is_decoded_in_order() {
    let mut decoder = Decoder::new();
    for chunk in ["data: 1\n\nda", "", "ta: 2\n", "\n", "data: 3\n\n"] {
        decoder.push(chunk);
    }
    assert_eq!(decoder.buffered(), 27);
    let mut data = Vec::new();
    while let Some(received) = decoder.next() {
        data.push(received.unwrap().data().to_owned());
    }
    assert_eq!(data, ["1", "2", "3"]);
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn a_scan_that_is_dropped_early_goes_on_with_what_remains() {
    let mut decoder = SliceDecoder::new();
    let chunk = b"data: 1\n\ndata: 2\n\ndata: 3";
    let mut events = decoder.decode(chunk);
    assert_eq!(events.next().unwrap().unwrap().data(), "1");
    let rest = events.remaining();
    drop(events);
    assert_eq!(decoder.position(), 9);
    let mut events = decoder.decode(rest);
    assert_eq!(events.next().unwrap().unwrap().data(), "2");
    assert!(events.next().is_none());
    drop(events);
    assert_eq!(decoder.position(), chunk.len() as u64);
}
