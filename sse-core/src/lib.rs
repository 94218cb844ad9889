#![forbid(unsafe_code)]
//! Server-Sent Events codec.
