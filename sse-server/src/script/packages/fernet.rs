//! `fernet`: texts that only who knows the key can read or write, and that can grow too old.

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use fernet::Fernet;
use mlua::{Error, Lua, LuaString, MetaMethod, Result, UserData, UserDataMethods, Value};

use super::{argument, clock};

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.register_module("fernet", Package)
}

struct Package;

impl UserData for Package {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_function(MetaMethod::Call, |_, (_, key): (Value, Value)| {
            let key = match key {
                Value::Nil => Fernet::generate_key(),
                key => argument::utf8(&key, "fernet", 1)?,
            };
            let fernet = Fernet::new(&key);
            fernet.map(Cipher).ok_or_else(|| {
                Error::runtime("bad argument #1 to 'fernet' (32 bytes as URL-safe base64 expected)")
            })
        });
        methods.add_function("genkey", |_, ()| Ok(Fernet::generate_key()));
    }
}

struct Cipher(Fernet);

impl UserData for Cipher {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("encrypt", |lua, this, data: Value| {
            let data = argument::text(&data, "encrypt", 1)?;
            Ok(this.0.encrypt_at_time(&data.as_bytes(), seconds(lua)))
        });
        methods.add_method("decrypt", |lua, this, (token, ttl): (Value, Value)| {
            let ttl = match &ttl {
                Value::Nil => None,
                other => Some(
                    lua.coerce_number(other.clone())?
                        .ok_or_else(|| argument::unfit("decrypt", 2, "number", other))?,
                ),
            };
            decrypt(lua, &this.0, &token, ttl)
        });
    }
}

/// Whatever is wrong with the token, the answer is the same.
fn decrypt(
    lua: &Lua,
    fernet: &Fernet,
    token: &Value,
    ttl: Option<f64>,
) -> Result<Option<LuaString>> {
    let Value::String(token) = token else {
        return Ok(None);
    };
    let Ok(token) = token.to_str() else {
        return Ok(None);
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a fraction of a second is cut, and a negative time has run out"
    )]
    let ttl = match ttl {
        Some(ttl) if ttl < 0.0 => return Ok(None),
        ttl => ttl.map(|ttl| (ttl as u64).min(LATEST)),
    };
    if !has_possible_time(&token) {
        return Ok(None);
    }
    let data = fernet.decrypt_at_time(&token, ttl, seconds(lua));
    data.ok().map(|data| lua.create_string(data)).transpose()
}

/// Whether the moment that a token names is one that a time may be added to: anybody may write anything there.
fn has_possible_time(token: &str) -> bool {
    // The first twelve characters are the version and the moment.
    let head = token.get(..12).map(|head| URL_SAFE.decode(head));
    let Some(Ok(head)) = head else {
        return false;
    };
    let time = head.get(1..).and_then(<[u8]>::first_chunk);
    time.is_some_and(|time| u64::from_be_bytes(*time) <= LATEST)
}

/// Far behind every moment that there will be, and far from the end of the numbers.
const LATEST: u64 = 1 << 62;

fn seconds(lua: &Lua) -> u64 {
    u64::try_from(clock::of(lua).unix_millis() / 1000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::Future;
    use std::pin::Pin;
    use std::rc::Rc;
    use std::time::Duration;

    use super::*;
    use crate::script::packages::clock::Clock;
    use crate::script::packages::table::{check, run};

    #[test]
    fn each_function_keeps_to_its_table() {
        check(
            register,
            &[
                ("return #require('fernet').genkey()", "44"),
                (
                    "local f = require('fernet') return f.genkey() == f.genkey()",
                    "false",
                ),
                (
                    "local f = require('fernet') local k = f.genkey() return f(k):decrypt(f(k):encrypt('a\\0b\\255'))",
                    r"'a\x00b\xff'",
                ),
                (
                    "local f = require('fernet')() return f:decrypt(f:encrypt(''))",
                    "''",
                ),
                (
                    "local f = require('fernet')() return f:decrypt(f:encrypt('x'), 60)",
                    "'x'",
                ),
                (
                    "local f = require('fernet')() return f:decrypt(f:encrypt('x'), -1)",
                    "nil",
                ),
                (
                    "local f = require('fernet') return f():decrypt(f():encrypt('x'))",
                    "nil",
                ),
                ("return require('fernet')():decrypt('nonsense')", "nil"),
                (
                    "local f = require('fernet')() return f:decrypt(f:encrypt('x'), math.huge)",
                    "'x'",
                ),
                // A moment at the end of all numbers.
                (
                    "return require('fernet')():decrypt('gP__________' .. ('A'):rep(88), 60)",
                    "nil",
                ),
                ("return require('fernet')():decrypt('')", "nil"),
                ("return require('fernet')():decrypt('\\255')", "nil"),
                ("return require('fernet')():decrypt(nil)", "nil"),
                ("return require('fernet')():decrypt(5)", "nil"),
                ("return require('fernet')('short')", "!32 bytes"),
                (
                    "return require('fernet')(5)",
                    "!string expected, got number",
                ),
                (
                    "return require('fernet')():encrypt(5)",
                    "!string expected, got number",
                ),
            ],
        );
    }

    #[test]
    fn a_token_grows_too_old() {
        #[derive(Default)]
        struct Set(Cell<i64>);
        impl Clock for Set {
            fn unix_millis(&self) -> i64 {
                self.0.get()
            }
            fn monotonic_millis(&self) -> f64 {
                0.0
            }
            fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()>>> {
                Box::pin(std::future::ready(()))
            }
        }
        let lua = Lua::new();
        let time = Rc::new(Set::default());
        clock::install(&lua, time.clone());
        register(&lua).unwrap();
        let begin = "f = require('fernet')() token = f:encrypt('x')";
        time.0.set(1_700_000_000_000);
        assert_eq!(run(&lua, begin), "nil");
        for (passed, expected) in [(0, "'x'"), (60_000, "'x'"), (61_000, "nil")] {
            time.0.set(1_700_000_000_000 + passed);
            assert_eq!(run(&lua, "return f:decrypt(token, 60)"), expected);
            assert_eq!(run(&lua, "return f:decrypt(token)"), "'x'");
        }
    }
}
