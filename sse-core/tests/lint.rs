//! What the lint finds, and where.

use std::num::NonZeroUsize;

use sse_core::{
    Limit, Limits, Lint,
    lint::{Code, Finding, Level},
};

type Found = (u64, u64, u64, Code);

fn found(findings: &[Finding]) -> Vec<Found> {
    findings
        .iter()
        .map(|it| (it.line, it.column, it.offset, it.code))
        .collect()
}

/// Checks what the strict level finds, and that the spec level finds its part of it.
#[track_caller]
fn check(wire: impl AsRef<[u8]>, expected: &[Found]) {
    let wire = wire.as_ref();
    let strict = Lint::strict().check(wire);
    assert_eq!(
        found(&strict),
        expected,
        "{:?}",
        wire.escape_ascii().to_string()
    );
    let spec: Vec<Finding> = strict
        .into_iter()
        .filter(|it| it.level() == Level::Spec)
        .collect();
    assert_eq!(Lint::spec().check(wire), spec);
}

#[test]
fn a_clean_stream_has_no_findings() {
    check("", &[]);
    check("\u{FEFF}", &[]);
    check("\u{FEFF}data: x\n\n", &[]);
    check(
        "id: 7\nevent: tick\nretry: 1500\ndata: a\ndata:\n: note\n:\n\n:\n\n",
        &[],
    );
    check("data: a\r\n\r\ndata: b\r\n\r\n", &[]);
    check("data: a\rdata: b\r\r", &[]);
    check("data: {\"tab\":\t\"\u{FEFF}é😀\"}\n\n", &[]);
    check("id:\ndata:\n\n", &[]);
}

#[test]
fn what_is_not_utf8_is_found_once_for_each_replacement_character() {
    check(
        b"data: \xFFx\xF0\x9F\x98\n\n",
        &[(1, 7, 6, Code::InvalidUtf8), (1, 9, 8, Code::InvalidUtf8)],
    );
    check(
        b"data: x\n\n\xE2",
        &[(3, 1, 9, Code::InvalidUtf8), (3, 2, 10, Code::Unterminated)],
    );
    check("data: é\nfoo: \n\n", &[(2, 1, 9, Code::UnknownField)]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_field_name_only_at_the_start_of_the_stream() {
    let twice = [
        (1, 1, 3, Code::BomNotAtStart),
        (1, 1, 3, Code::UnknownField),
    ];
    check("\u{FEFF}\u{FEFF}data: x\n\n", &twice);
    let later = [
        (3, 1, 9, Code::BomNotAtStart),
        (3, 1, 9, Code::UnknownField),
    ];
    check("data: x\n\n\u{FEFF}data: y\n\n", &later);
}

#[test]
fn a_name_that_is_nearly_known_is_told_from_an_unknown_one() {
    check("Data: x\n\n", &[(1, 1, 0, Code::MisspelledField)]);
    check(
        "data: x\n id: 1\nretry : 5\n\n",
        &[
            (2, 1, 8, Code::MisspelledField),
            (3, 1, 15, Code::MisspelledField),
        ],
    );
    check("data: x\nfoo: x\n\n", &[(2, 1, 8, Code::UnknownField)]);
    check(
        "plain text\n\n",
        &[
            (1, 1, 0, Code::UnknownField),
            (1, 11, 10, Code::MissingColon),
        ],
    );
}

#[test]
fn a_field_without_a_colon_is_found_where_the_colon_is_missing() {
    check(
        "data\nid\n\n",
        &[(1, 5, 4, Code::MissingColon), (2, 3, 7, Code::MissingColon)],
    );
}

#[test]
fn a_retry_is_digits_and_within_the_cap() {
    for (value, column) in [
        ("x", 8),
        ("15x0", 10),
        ("-1", 8),
        ("1.5", 9),
        (" 5", 8),
        ("٣", 8),
    ] {
        let wire = format!("retry: {value}\ndata: x\n\n");
        check(wire, &[(1, column, column - 1, Code::RetryNotDigits)]);
    }
    check("retry:\ndata: x\n\n", &[(1, 7, 6, Code::RetryNotDigits)]);
    check(
        "retry\ndata: x\n\n",
        &[
            (1, 6, 5, Code::MissingColon),
            (1, 6, 5, Code::RetryNotDigits),
        ],
    );
    check("data: x\nretry: 86400000\n\n", &[]);
    check(
        "data: x\nretry: 86400001\n\n",
        &[(2, 8, 15, Code::RetryOverCap)],
    );
    check(
        "data: x\nretry:99999999999999999999999\n\n",
        &[(2, 7, 14, Code::RetryOverCap)],
    );
    let lax = Lint::strict().retry_cap(u64::MAX);
    assert_eq!(lax.check(b"data: x\nretry: 86400001\n\n"), []);
}

#[test]
fn an_id_survives_a_request_header_or_is_found() {
    check("data: x\nid: a\0b\0\n\n", &[(2, 6, 13, Code::NulInId)]);
    check("data: x\nid:  a\n\n", &[(2, 5, 12, Code::HeaderUnsafeId)]);
    check("data: x\nid: a b \n\n", &[(2, 8, 15, Code::HeaderUnsafeId)]);
    check(
        "data: x\nid: a\u{7F}\n\n",
        &[
            (2, 6, 13, Code::ControlCharacter),
            (2, 6, 13, Code::HeaderUnsafeId),
        ],
    );
    check(
        "data: x\nid: a\u{C}\n\n",
        &[
            (2, 6, 13, Code::UnicodeSeparator),
            (2, 6, 13, Code::HeaderUnsafeId),
        ],
    );
    check(format!("data: x\nid: {}\n\n", "é".repeat(256)), &[]);
    check(
        format!("data: x\nid: {}x\n\n", "é".repeat(256)),
        &[(2, 5, 12, Code::LongId)],
    );
}

#[test]
fn what_a_block_says_twice_is_lost_once() {
    let wire =
        "event: a\nevent: b\nid: 1\ndata: x\nid: 2\nretry: 1\nretry: 2\n\nevent: c\ndata: y\n\n";
    let lines =
        [(2, 9), (5, 32), (7, 47)].map(|(line, offset)| (line, 1, offset, Code::RepeatedField));
    check(wire, &lines);
    let ignored = "id: a\nid: b\0\nretry: 1\nretry: x\ndata\n\n";
    let expected = [
        (2, 6, 11, Code::NulInId),
        (4, 8, 29, Code::RetryNotDigits),
        (5, 5, 35, Code::MissingColon),
    ];
    check(ignored, &expected);
}

#[test]
fn a_block_without_data_is_found_at_its_blank_line() {
    check(
        "event: tick\nid: 1\n\n",
        &[(3, 1, 18, Code::TypeWithoutData)],
    );
    check(
        "id: 1\n\nretry: 5\n\n",
        &[
            (2, 1, 6, Code::BlockWithoutData),
            (4, 1, 16, Code::BlockWithoutData),
        ],
    );
    check("event:\n: note\n\n", &[]);
    check(
        "data: x\n\n\n\r\n",
        &[
            (3, 1, 9, Code::EmptyBlock),
            (4, 1, 10, Code::EmptyBlock),
            (4, 1, 10, Code::MixedLineEnds),
        ],
    );
}

#[test]
fn what_follows_the_last_blank_line_is_unterminated() {
    check("data: x\n", &[(2, 1, 8, Code::Unterminated)]);
    check("data: x", &[(1, 8, 7, Code::Unterminated)]);
    check("data: x\n\n: note\n", &[(4, 1, 16, Code::Unterminated)]);
    check("data: x\r\n\r", &[(2, 1, 9, Code::MixedLineEnds)]);
}

#[test]
fn every_line_end_is_compared_with_the_first() {
    let wire = "data: a\r\ndata: b\rdata: c\n\n";
    check(
        wire,
        &[
            (2, 8, 16, Code::MixedLineEnds),
            (3, 8, 24, Code::MixedLineEnds),
            (4, 1, 25, Code::MixedLineEnds),
        ],
    );
}

#[test]
fn characters_that_deceive_other_readers_are_found_where_they_stand() {
    check(
        "data: a\u{2028}b\u{B}\n\n",
        &[
            (1, 8, 7, Code::UnicodeSeparator),
            (1, 10, 11, Code::UnicodeSeparator),
        ],
    );
    check(
        "event: \u{1B}[2J\0\ndata: \u{1B}\n: \u{7}\t\n\n",
        &[
            (1, 8, 7, Code::ControlCharacter),
            (1, 12, 11, Code::ControlCharacter),
            (3, 3, 23, Code::ControlCharacter),
        ],
    );
}

#[test]
fn limits_are_found_at_the_byte_that_passes_them() {
    let limit = |limit| Limits::UNLIMITED.with(limit, NonZeroUsize::new(10).unwrap());
    let over = |which, wire: &str| found(&Lint::spec().limits(limit(which)).check(wire.as_bytes()));
    assert_eq!(
        over(Limit::Line, "data: 6789\ndata: 67890\n\n"),
        [(2, 11, 21, Code::OverLimit(Limit::Line))]
    );
    assert_eq!(over(Limit::Event, "data: 6\n: x\n\ndata: 6\n\n"), []);
    assert_eq!(
        over(Limit::Event, "data: 6\n: xy\ndata: x\n\n"),
        [(2, 4, 11, Code::OverLimit(Limit::Event))]
    );
    assert_eq!(
        over(Limit::Id, "id: 123456789é\ndata: x\n\n"),
        [(1, 14, 13, Code::OverLimit(Limit::Id))]
    );
    assert_eq!(
        over(Limit::EventType, "event: 123456789012\ndata: x\n\n"),
        [(1, 18, 17, Code::OverLimit(Limit::EventType))]
    );
    assert_eq!(
        over(Limit::Stream, "data: x\r\n\r\n"),
        [(2, 2, 10, Code::OverLimit(Limit::Stream))]
    );
    let lines = format!("{}\n", "data: x\n".repeat(12));
    assert_eq!(
        over(Limit::DataLines, &lines),
        [(11, 1, 80, Code::OverLimit(Limit::DataLines))]
    );
}

#[test]
fn unknown_fields_can_be_refused_at_the_spec_level() {
    let wire = b"foo: 1\ndata\n\n";
    assert_eq!(Lint::spec().check(wire), []);
    assert_eq!(
        found(&Lint::spec().known_fields_only().check(wire)),
        [(1, 1, 0, Code::UnknownField)]
    );
}

#[test]
fn a_finding_reads_as_one_line() {
    let finding = Lint::strict().check(b"data: x\nfoo: y\n\n")[0];
    assert_eq!(
        finding.to_string(),
        "line 2, column 1: the standard knows no such field [unknown-field]"
    );
}
