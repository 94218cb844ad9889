//! Under any chunking and limit, both levels of the decoder say what the oracle says.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::assert_target("decoder", data));
