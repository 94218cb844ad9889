#![forbid(unsafe_code)]
//! Server-Sent Events for axum.
