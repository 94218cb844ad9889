#![forbid(unsafe_code)]
//! Limits: exact, the same under every chunking, and never at the cost of what came before.

use std::num::NonZeroUsize;

use sse_conformance::codec::{Bound, Cuts, Decoded, Real, Surface, decode};
use sse_core::{Bytes, DecodeErrorKind, Decoder, DecoderOptions, Limit, Limits, SliceDecoder};

/// Decodes under many chunkings, which must agree.
#[track_caller]
fn run(bound: Bound, stream: &str) -> Decoded {
    let stream = Bytes::copy_from_slice(stream.as_bytes());
    let mut first = None;
    for codec in Real::ALL {
        let every = (1..stream.len()).map(|at| Cuts::At(vec![at]));
        for cuts in [Cuts::Whole, Cuts::Every(1), Cuts::Every(3)]
            .into_iter()
            .chain(every)
        {
            let seen = decode(&codec, Surface::Comments, bound, cuts.cut(&stream));
            let first = first.get_or_insert_with(|| seen.clone());
            seen.same_as(first)
                .unwrap_or_else(|what| panic!("{cuts:?} of {stream:?}: {what}"));
        }
    }
    first.expect("there are chunkings")
}

#[track_caller]
fn check_passes(bound: Bound, stream: &str) {
    let seen = run(bound, stream);
    assert!(seen.failures.is_empty(), "{bound:?} of {stream:?}: {seen}");
}

#[track_caller]
fn check_fails(bound: Bound, stream: &str, kind: Limit, offset: u64, events_before: usize) {
    let seen = run(bound, stream);
    let [failure] = &seen.failures[..] else {
        panic!("{bound:?} of {stream:?}: {seen}")
    };
    assert_eq!(failure.kind, format!("TooLarge({kind:?})"), "{stream:?}");
    assert_eq!(
        (failure.offset, seen.dispatched()),
        (offset, events_before),
        "{stream:?}"
    );
}

const LINE_ENDS: [&str; 3] = ["\n", "\r", "\r\n"];

#[test]
fn a_line_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
    for end in LINE_ENDS {
        check_passes(Bound::Line(9), &format!("data: 123{end}{end}"));
        check_passes(
            Bound::Line(9),
            &format!("data: é1{end}{end}data: 123{end}{end}"),
        );
        check_fails(
            Bound::Line(9),
            &format!("data: 1234{end}{end}"),
            Limit::Line,
            0,
            0,
        );
        check_fails(
            Bound::Line(9),
            &format!("data: éé{end}{end}"),
            Limit::Line,
            0,
            0,
        );
        let offset = 5 + 2 * end.len() as u64;
        check_fails(
            Bound::Line(9),
            &format!("data:{end}{end}: 34567890{end}"),
            Limit::Line,
            offset,
            1,
        );
        check_fails(
            Bound::Line(9),
            &format!("data:{end}{end}foo: 67890{end}"),
            Limit::Line,
            offset,
            1,
        );
    }
}

#[test]
fn a_line_that_is_too_long_is_refused_before_its_end_has_come() {
    check_fails(Bound::Line(9), "data: x\n\ndata: 1234", Limit::Line, 9, 1);
    check_fails(
        Bound::Event(9),
        "data: x\n\nfoo\n: 12345",
        Limit::Event,
        13,
        1,
    );
    let mut decoder = Decoder::with_options(
        DecoderOptions::new()
            .limits(Limits::STRICT)
            .skip_oversized(),
    );
    let chunk = Bytes::from(vec![b'x'; 1 << 16]);
    decoder.push("data: ");
    let mut errors = 0;
    for _ in 0..64 {
        decoder.push(chunk.clone());
        while let Some(result) = decoder.next() {
            errors += usize::from(result.is_err());
        }
        assert!(decoder.buffered() <= Limits::STRICT.get(Limit::Line));
    }
    assert_eq!(errors, 1);
}

#[test]
fn an_event_is_all_its_lines_without_their_ends() {
    for end in LINE_ENDS {
        check_passes(Bound::Event(14), &format!("data: 1{end}data: 2{end}{end}"));
        check_fails(
            Bound::Event(13),
            &format!("data: 1{end}data: 2{end}{end}"),
            Limit::Event,
            7 + end.len() as u64,
            0,
        );
    }
    check_passes(Bound::Event(14), ": 34567\ndata: 1\n\n");
    check_fails(Bound::Event(13), ": 34567\ndata: 1\n\n", Limit::Event, 8, 0);
    check_fails(Bound::Event(13), "foo: 67\ndata: 1\n\n", Limit::Event, 8, 0);
    // Each block starts anew, also one that holds nothing but comments.
    check_passes(Bound::Event(9), &": 3456789\n\n".repeat(50));
    check_passes(Bound::Event(9), &"data: 789\n\n".repeat(50));
    check_fails(
        Bound::Event(20),
        &": 3456789\n".repeat(50),
        Limit::Event,
        20,
        0,
    );
}

#[test]
fn data_lines_ids_and_event_types_have_limits_of_their_own() {
    check_passes(Bound::DataLines(2), "data\ndata\n\ndata\ndata\n\n");
    check_fails(
        Bound::DataLines(2),
        "data\n\ndata\ndata\ndata\n\n",
        Limit::DataLines,
        16,
        1,
    );
    check_passes(Bound::Id(3), "id: 123\ndata\n\n");
    check_fails(
        Bound::Id(3),
        "id: 1\ndata\n\nid: 1234\ndata\n\n",
        Limit::Id,
        12,
        1,
    );
    check_fails(Bound::Id(3), "id: éé\n\n", Limit::Id, 0, 0);
    check_passes(Bound::EventType(3), "event: abc\ndata\n\n");
    check_fails(
        Bound::EventType(3),
        "event: abcd\ndata\n\n",
        Limit::EventType,
        0,
        0,
    );
    check_passes(Bound::Stream(10), "data: 12\n\n");
    check_fails(Bound::Stream(10), "data: 12\n\n\n", Limit::Stream, 10, 1);
}

#[test]
fn the_last_event_id_survives_an_error() {
    for kind in [
        "data: 34567890123",
        "id: 1234567890123",
        "event: 01234567890",
    ] {
        let seen = run(
            Bound::Line(12),
            &format!("id: 1\nretry: 5\n\nid: 2\n{kind}\n\n"),
        );
        assert_eq!(
            (seen.last_event_id.as_str(), seen.retry),
            ("1", Some(5)),
            "{kind}"
        );
    }
}

#[test]
fn nothing_comes_after_a_fatal_error_until_a_reset() {
    let limits = Limits::UNLIMITED.line(NonZeroUsize::new(9).unwrap());
    let mut decoder = Decoder::with_options(DecoderOptions::new().limits(limits));
    decoder.push("id: 1\ndata\n\ndata: 1234\n\ndata: x\n\n");
    assert!(decoder.next().unwrap().is_ok());
    let error = decoder.next().unwrap().unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::TooLarge(Limit::Line));
    assert_eq!(
        (error.limit(), error.offset(), error.is_fatal()),
        (9, 12, true)
    );
    assert_eq!(
        error.to_string(),
        "line must not exceed 9 bytes (line at byte 12)"
    );
    decoder.push("data: y\n\n");
    assert_eq!((decoder.next(), decoder.finish()), (None, None));
    decoder.reset();
    decoder.push("data: z\n\n");
    let received = decoder.next().unwrap().unwrap();
    assert_eq!(
        (received.data(), received.last_event_id.as_str()),
        ("z", "1")
    );
}

#[test]
fn an_oversized_event_can_be_skipped() {
    let streams = [
        ("data: a\n\nid: 9\ndata: 1234567\ndata: x\n\ndata: b\n\n", 1),
        ("data: a\n\ndata: 1234567\r\rdata: b\n\n", 1),
        ("data: a\n\n: 12345678901\n: 12345678901\n\ndata: b\n\n", 1),
        (
            "data: a\n\nx: 1234567890\r\n\r\nx: 1234567890\r\n\r\ndata: b\n\n",
            2,
        ),
    ];
    let limits = Limits::UNLIMITED.line(NonZeroUsize::new(12).unwrap());
    let options = DecoderOptions::new().limits(limits).skip_oversized();
    for (stream, skipped) in streams {
        for size in 1..=stream.len() {
            let (mut owned, mut borrowed) = (
                Decoder::with_options(options),
                SliceDecoder::with_options(options),
            );
            let (mut data, mut errors) = ([Vec::new(), Vec::new()], [0, 0]);
            for chunk in stream.as_bytes().chunks(size) {
                owned.push(chunk.to_vec());
                while let Some(result) = owned.next() {
                    match result {
                        Ok(received) => data[0].push(received.data().to_owned()),
                        Err(error) => errors[0] += usize::from(!error.is_fatal()),
                    }
                }
                let mut events = borrowed.decode(chunk);
                while let Some(result) = events.next() {
                    match result {
                        Ok(event) => data[1].push(event.data().to_owned()),
                        Err(error) => errors[1] += usize::from(!error.is_fatal()),
                    }
                }
            }
            assert_eq!(data, [["a", "b"], ["a", "b"]], "{stream:?} by {size}");
            assert_eq!(errors, [skipped, skipped], "{stream:?} by {size}");
            assert!(owned.last_event_id().is_empty() && borrowed.last_event_id().is_empty());
        }
    }
}

#[test]
fn many_small_events_in_one_chunk_are_no_large_event() {
    let stream = "data: x\n\n".repeat(100_000);
    let options = DecoderOptions::new().limits(Limits::STRICT);
    let (events, error) = Decoder::with_options(options).decode_all(stream);
    assert_eq!((events.len(), error), (100_000, None));
}

#[test]
fn a_large_event_fails_the_strict_preset_and_passes_the_default() {
    let stream = format!("data: a\n\ndata: {}\n\ndata: b\n\n", "x".repeat(100 << 10));
    let decode =
        |options: DecoderOptions| Decoder::with_options(options).decode_all(stream.clone());
    let strict = DecoderOptions::new().limits(Limits::STRICT);
    assert_eq!(decode(DecoderOptions::new()).0.len(), 3);
    assert_eq!(decode(strict).0.len(), 1);
    assert_eq!(decode(strict.skip_oversized()).0.len(), 2);
}

#[test]
fn the_presets_say_what_their_docs_say() {
    let all = [
        Limit::Line,
        Limit::Event,
        Limit::DataLines,
        Limit::Id,
        Limit::EventType,
        Limit::Stream,
    ];
    let of = |limits: Limits| all.map(|limit| limits.get(limit));
    assert_eq!(
        of(Limits::DEFAULT),
        [16 << 20, 16 << 20, 65_536, 4096, 4096, usize::MAX]
    );
    assert_eq!(
        of(Limits::STRICT),
        [8192, 65_536, 1024, 1024, 1024, usize::MAX]
    );
    assert_eq!(of(Limits::UNLIMITED), [usize::MAX; 6]);
    assert_eq!(Limits::default(), Limits::DEFAULT);
    for limit in all {
        assert_eq!(Limits::DEFAULT.checked(limit, 7).unwrap().get(limit), 7);
        for bad in [0, -1, i128::MAX] {
            let error = Limits::DEFAULT.checked(limit, bad).unwrap_err();
            assert_eq!(error.limit(), limit);
            assert!(error.to_string().contains(&limit.to_string()), "{error}");
        }
    }
}

#[test]
fn comment_lines_without_a_blank_line_add_up_to_the_limit_of_an_event() {
    let decode = |lines: usize, line: &str| {
        let options = DecoderOptions::new().limits(Limits::STRICT);
        Decoder::with_options(options)
            .decode_all(line.repeat(lines))
            .1
    };
    assert_eq!(decode(5461, ": keep-alive\n"), None);
    let error = decode(5462, ": keep-alive\n").unwrap();
    assert_eq!(error.kind(), DecodeErrorKind::TooLarge(Limit::Event));
    assert_eq!(decode(100_000, ": keep-alive\n\n"), None);
}
