//! Nothing is lost between encoding and decoding, either way round.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::assert_target("round_trip", data));
