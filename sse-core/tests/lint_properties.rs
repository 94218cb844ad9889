//! What holds for the lint whatever the stream.

use std::num::NonZeroUsize;

use proptest::{collection::vec, prelude::*};
use sse_core::{
    Decoder, DecoderOptions, Event, Limit, Limits, Lint,
    lint::{Code, Finding, Level},
};

/// Streams in which something is often wrong.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"data",
        b"event",
        b"id",
        b"retry",
        b"Data",
        b"foo",
        b":",
        b": ",
        b" ",
        b"\t",
        b"\n",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"x",
        b"15",
        b"\0",
        b"\x1b",
        "é".as_bytes(),
        "😀".as_bytes(),
        "\u{FEFF}".as_bytes(),
        "\u{2028}".as_bytes(),
        b"\xff",
        b"\xf0\x9f",
        b"\xe2\x80",
        b"data: x\n\n",
        b"id: 1\n",
        b"retry: 99999999999999999999\n",
        b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ];
    vec(prop::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

fn lints() -> [Lint; 3] {
    let ten = const { NonZeroUsize::new(10).unwrap() };
    let small = Limits::UNLIMITED
        .line(ten)
        .event(ten)
        .id(ten)
        .event_type(ten)
        .stream(ten);
    [Lint::spec(), Lint::strict(), Lint::strict().limits(small)]
}

proptest! {
    #[test]
    fn findings_do_not_depend_on_the_chunks(wire in soup(), size in 1_usize..9) {
        for lint in lints() {
            let (mut scan, mut findings) = (lint.scan(), Vec::new());
            for chunk in wire.chunks(size) {
                scan.push(chunk, |finding| findings.push(finding));
            }
            scan.finish(|finding| findings.push(finding));
            prop_assert_eq!(findings, lint.check(&wire));
        }
    }

    #[test]
    fn strict_finds_all_that_spec_finds_and_more(wire in soup()) {
        let spec = Lint::spec().check(&wire);
        let strict = Lint::strict().check(&wire);
        let part: Vec<Finding> = strict.into_iter().filter(|it| it.level() == Level::Spec).collect();
        prop_assert_eq!(spec, part);
    }

    #[test]
    fn places_are_those_of_the_text_that_a_receiver_sees(wire in soup()) {
        let text = String::from_utf8_lossy(&wire);
        let valid = str::from_utf8(&wire).is_ok();
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
        let lines: Vec<String> =
            text.replace("\r\n", "\n").replace('\r', "\n").split('\n').map(str::to_owned).collect();
        for finding in Lint::strict().check(&wire) {
            let line = &lines[usize::try_from(finding.line).unwrap() - 1];
            let column = usize::try_from(finding.column).unwrap();
            prop_assert!(column <= line.chars().count() + 1, "{} in {:?}", finding, line);
            if finding.code == Code::UnicodeSeparator {
                prop_assert_eq!(line.chars().nth(column - 1), Some('\u{2028}'));
                let offset = usize::try_from(finding.offset).unwrap();
                let there = wire[offset..].starts_with("\u{2028}".as_bytes());
                prop_assert!(there || !valid);
            }
            if finding.code == Code::InvalidUtf8 {
                prop_assert_eq!(line.chars().nth(column - 1), Some('\u{FFFD}'));
            }
        }
    }

    #[test]
    fn limits_are_those_of_the_decoder(wire in soup(), max in 1_usize..30, which in 0_usize..6) {
        let which = [Limit::Line, Limit::Event, Limit::DataLines, Limit::Id, Limit::EventType, Limit::Stream][which];
        let limits = Limits::UNLIMITED.with(which, NonZeroUsize::new(max).unwrap());
        let wire = [&wire[..], b"\n\n"].concat();
        let options = DecoderOptions::new().limits(limits);
        let (_, error) = Decoder::with_options(options).decode_all(wire.clone());
        let findings = Lint::spec().limits(limits).check(&wire);
        let finding = findings.iter().find(|it| it.code == Code::OverLimit(which));
        prop_assert_eq!(error.is_some(), finding.is_some(), "{:?} {:?}", error, finding);
    }

    #[test]
    fn what_the_encoder_writes_is_legal(event in ".*", data in "(?s).*", id in ".*", comment in "(?s).*") {
        let event = Event::new(data)
            .event(sse_core::EventType::sanitized(event, sse_core::Strip::LineEnds))
            .id(sse_core::EventId::sanitized(id, sse_core::Strip::LineEnds))
            .comment(comment);
        prop_assert_eq!(Lint::spec().check(event.encode().as_bytes()), []);
    }
}
