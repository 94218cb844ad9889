//! No string has an effect outside of the part of the event that it went into.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::assert_target("encoder", data));
