#![forbid(unsafe_code)]
//! The conformance corpus, under every chunking.

use std::path::Path;

use sse_conformance::vectors::run_files;

#[track_caller]
fn check(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(file);
    let mut report = Vec::new();
    let tally = run_files(&[path], &mut report).expect("a vector can be written to");
    let report = String::from_utf8_lossy(&report);
    assert!(tally.failed == 0 && tally.passed > 0, "{report}");
}

#[test]
fn designed_streams_decode_to_what_the_standard_says() {
    check("decode.jsonl");
}

#[test]
fn generated_streams_decode_to_what_the_standard_says() {
    check("decode-generated.jsonl");
}

#[test]
fn large_streams_decode_to_what_the_standard_says() {
    check("decode-large.jsonl");
}

#[test]
fn events_encode_to_what_decodes_to_them() {
    check("encode.jsonl");
}

#[test]
fn clients_reconnect_with_the_id_that_was_committed() {
    check("reconnect.jsonl");
}
