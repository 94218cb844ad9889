#![forbid(unsafe_code)]
//! One suite that every codec and every adapter must pass.

pub mod codec;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "hub")]
pub mod hub;
#[cfg(feature = "proxy")]
pub mod proxy;
pub mod vectors;
