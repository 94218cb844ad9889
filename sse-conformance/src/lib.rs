#![forbid(unsafe_code)]
//! One suite that every codec, every adapter, every hub and a client must pass.

#[cfg(feature = "client")]
pub mod client;
pub mod codec;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "hub")]
pub mod hub;
#[cfg(feature = "proxy")]
pub mod proxy;
pub mod vectors;
