//! `http`: requests to other servers.

mod exchange;
mod options;

use mlua::{Lua, Result, Table, UserData, UserDataMethods, UserDataRef, Value};
use reqwest::Client;

use exchange::{client, exchange};
use options::Options;

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.register_module("http", Package)
}

struct Package;

impl UserData for Package {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        type Call = (Value, Value, Option<Table>);
        methods.add_async_function("request", async |lua, (method, url, options): Call| {
            let options = Options::read(&lua, options.as_ref())?;
            exchange(&lua, &unpooled(&lua)?, &method, &url, options).await
        });
        for name in METHODS {
            type Call = (Value, Option<Table>);
            methods.add_async_function(
                name.to_ascii_lowercase(),
                move |lua: Lua, (url, options): Call| async move {
                    let options = Options::read(&lua, options.as_ref())?;
                    let method = Value::String(lua.create_string(name)?);
                    exchange(&lua, &unpooled(&lua)?, &method, &url, options).await
                },
            );
        }
        methods.add_function("agent", |lua, options: Option<Table>| {
            Ok(Agent {
                client: client(exchange::IDLE)?,
                options: Options::read(lua, options.as_ref())?,
            })
        });
    }
}

/// Keeps connections, and what every request of its begins with. A call's own options are laid
/// over a copy of them: nothing of one request is in the next.
struct Agent {
    client: Client,
    options: Options,
}

impl Agent {
    fn with(&self, lua: &Lua, options: Option<&Table>) -> Result<(Client, Options)> {
        let own = Options::read(lua, options)?;
        Ok((self.client.clone(), self.options.clone().overlaid(own)))
    }
}

impl UserData for Agent {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        type This = UserDataRef<Agent>;
        type Call = (Value, Value, Option<Table>);
        methods.add_async_method("request", async |lua, this: This, call: Call| {
            let (method, url, options) = call;
            let (client, options) = this.with(&lua, options.as_ref())?;
            drop(this);
            exchange(&lua, &client, &method, &url, options).await
        });
        for name in METHODS {
            type Call = (Value, Option<Table>);
            methods.add_async_method(
                name.to_ascii_lowercase(),
                move |lua: Lua, this: This, (url, options): Call| async move {
                    let (client, options) = this.with(&lua, options.as_ref())?;
                    drop(this);
                    let method = Value::String(lua.create_string(name)?);
                    exchange(&lua, &client, &method, &url, options).await
                },
            );
        }
    }
}

/// The client of the calls that have no agent; a connection of its own for each.
fn unpooled(lua: &Lua) -> Result<Client> {
    struct Unpooled(Client);
    if let Some(made) = lua.app_data_ref::<Unpooled>() {
        return Ok(made.0.clone());
    }
    let made = client(exchange::NO_IDLE)?;
    lua.set_app_data(Unpooled(made.clone()));
    Ok(made)
}

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

#[cfg(test)]
mod tests;
