#![forbid(unsafe_code)]
//! An event stream server: HTTP in, event streams out, programmable in Lua.

pub mod script;
