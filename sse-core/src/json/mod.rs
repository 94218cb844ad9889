//! Typed data in and out, and events as JSON.

mod data;
mod error;
mod event;
mod html_safe;

pub use error::{JsonError, JsonErrorKind};
pub use html_safe::json_html_safe;
