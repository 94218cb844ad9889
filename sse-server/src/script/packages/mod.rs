//! What scripts `require`: one file for each package.

mod argument;
mod base64;
pub(crate) mod clock;
mod mutex;
mod sleep;
#[cfg(test)]
mod table;
mod uuid;

use mlua::{Lua, Result};

/// Registers every package that needs nothing of the server.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    base64::register(lua)?;
    mutex::register(lua)?;
    sleep::register(lua)?;
    uuid::register(lua)
}
