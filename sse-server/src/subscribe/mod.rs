//! `GET` of the path for subscribers: from a request to an event stream.

mod blocks;
mod clock;
mod handler;
mod hooked;
mod live;
mod opening;
mod rules;
mod source;

pub(crate) use handler::subscribe;
