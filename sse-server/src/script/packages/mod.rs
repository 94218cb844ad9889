//! What scripts `require`: one file for each package.

mod argument;
mod base64;
pub(crate) mod clock;
mod env;
mod fernet;
mod hmac;
pub(crate) mod json;
mod mutex;
mod sleep;
#[cfg(test)]
mod table;
mod uuid;

use mlua::{Lua, Result};

/// Registers every package that needs nothing of the server.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    base64::register(lua)?;
    env::register(lua)?;
    fernet::register(lua)?;
    hmac::register(lua)?;
    json::register(lua)?;
    mutex::register(lua)?;
    sleep::register(lua)?;
    uuid::register(lua)
}
