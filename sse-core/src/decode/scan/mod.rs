//! Finds line ends 64 bytes at a time, and keeps what the same pass learns about ASCII.
//!
//! This is the only module with `unsafe`: vector loads, and text made without a second UTF-8 check.
//! What makes text without a check sound is private to this module:
//! a [`Piece`] says that it is ASCII only if the bytes that it holds were looked at by [`Marks`],
//! and [`Marks`] never outlive the bytes that they were made from without their length and owner ([`Retained`]).

mod marks;
mod masks;
mod retained;
mod short;
mod text;

pub(super) use marks::{Marks, Scan};
pub(super) use retained::{Retained, share};
pub(super) use short::Short;
pub(super) use text::{Piece, TextBuffer};
