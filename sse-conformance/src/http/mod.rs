//! One suite over real sockets that every server of event streams must pass.
//!
//! A [`Subject`] starts a server whose routes ([`Route`]) play scripted streams ([`Scene`]).
//! A [`Check`] directs a scene, watches the wire with a client of its own, and says what is wrong.
//! [`Suite`] makes a test of each check over each [`Protocol`].
//!
//! To put another server under the suite, write its [`Subject`]: `tests/axum.rs` is one.
//! To add a demand, write a check and a fault of the fixture in `tests/teeth_http` that only it is meant for.

#![expect(clippy::exhaustive_enums, reason = "a fixture must handle every case")]

mod check;
mod checks;
mod client;
mod failure;
mod item;
mod scene;
mod script;
mod stage;
mod subject;
mod suite;

pub use check::{Check, Scale, Trial};
pub use checks::all;
pub use client::{Leave, Protocol};
pub use failure::Failure;
pub use item::Item;
pub use scene::{Reason, Scene, SceneStream, Seen, Step, StepError};
pub use script::{KeepAlive, OnError, Opening, Script, Shape, Shutdown};
pub use stage::{Route, Stage};
pub use subject::{Notice, Profile, Running, Stopping, Subject};
pub use suite::Suite;
