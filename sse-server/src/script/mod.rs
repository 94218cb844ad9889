//! The Lua side: a script's hooks, called on a thread of its own.

mod allowance;
mod answers;
mod attachment;
mod budget;
mod calls;
mod cli_table;
mod config;
mod engine;
mod error;
mod handle;
mod health;
mod hook;
mod host;
mod job;
mod message_table;
mod packages;
mod publication;
mod reload;
mod request_table;
mod returned;
mod sandbox;
mod shared;
mod snapshot;
mod state;
mod subscriber;
mod tables;
mod tally;
#[cfg(test)]
mod tests;
mod trial;
#[expect(unsafe_code, reason = "one call, behind an option that says so")]
mod unrestricted;
mod value;
mod verdict;
mod watchdog;

pub use cli_table::CliTable;
pub use config::{Access, ScriptConfig};
pub use error::{HookError, HookErrorKind, ScriptError, ScriptErrorKind};
pub use handle::Script;
pub use health::ScriptHealth;
pub use hook::Hook;
pub use host::{BoxFuture, Connection, Host, HostPublished};
pub use message_table::MessageTable;
pub use publication::Publication;
pub use reload::OrderPermit;
pub use request_table::{AddressTable, RequestTable};
pub use subscriber::Subscriber;
pub use trial::{Trial, try_script};
pub use value::{Fields, Value};
pub use verdict::{Answer, PublishVerdict, Routing, SubscribeVerdict};
