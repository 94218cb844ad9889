#![forbid(unsafe_code)]
//! Cross-crate checks.
fn main() {}
