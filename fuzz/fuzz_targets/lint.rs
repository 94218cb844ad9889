//! A stream in which the lint finds nothing decodes without loss.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::assert_target("lint", data));
