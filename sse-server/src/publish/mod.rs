//! `POST` to the path for publishers.

mod body;
mod handler;
mod media_type;
mod receipt;

pub(crate) use handler::{publish, publish_one};
