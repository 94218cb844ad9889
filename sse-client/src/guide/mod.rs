//! How to do what an event source is for.

#[doc = include_str!("llm.md")]
pub mod llm {}

#[doc = include_str!("live_events.md")]
pub mod live_events {}

#[doc = include_str!("resume.md")]
pub mod resume {}

#[doc = include_str!("testing.md")]
pub mod testing {}

#[doc = include_str!("transport.md")]
pub mod transport {}

#[doc = include_str!("migration.md")]
pub mod migration {}
