//! What scripts `require`: one file for each package.

mod argument;
mod base64;
mod bounded;
pub(crate) mod clock;
mod env;
mod fernet;
mod hmac;
mod http;
pub(crate) mod json;
mod jwt;
pub(crate) mod kv;
mod log;
mod mutex;
mod sleep;
mod sqlite;
mod sse;
#[cfg(test)]
mod stubs;
#[cfg(test)]
mod table;
mod template;
mod time;
mod url;
mod uuid;

use std::sync::Arc;

use mlua::{Lua, Result};

use crate::script::{host::Host, shared::Shared};

/// Registers every package that needs nothing of the server.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    base64::register(lua)?;
    env::register(lua)?;
    fernet::register(lua)?;
    hmac::register(lua)?;
    http::register(lua)?;
    json::register(lua)?;
    jwt::register(lua)?;
    log::register(lua)?;
    mutex::register(lua)?;
    sleep::register(lua)?;
    sqlite::register(lua)?;
    template::register(lua)?;
    time::register(lua)?;
    url::register(lua)?;
    uuid::register(lua)
}

/// Registers every package.
pub(crate) fn register_all(
    lua: &Lua,
    host: &Arc<dyn Host>,
    shared: &Arc<Shared>,
    store: &kv::Store,
) -> Result<()> {
    register(lua)?;
    sse::register(lua, host, shared)?;
    kv::register(lua, store)
}
