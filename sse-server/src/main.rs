#![forbid(unsafe_code)]
//! The binary of [`sse_server`].

fn main() {}
