//! A server that answers as it is told, and remembers what it was asked.

mod answer;
mod asked;
mod http1;
mod http2;
mod server;

pub use answer::Answer;
pub use asked::Asked;
pub use server::Scripted;
