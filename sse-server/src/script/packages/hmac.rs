//! `hmac`: a text's proof that it was written by who knows the key.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use mlua::{Error, Lua, LuaString, Result, UserData, UserDataMethods, Value};
use sha2::{Sha256, Sha384, Sha512};

use super::argument;

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.register_module("hmac", Package)
}

struct Package;

impl UserData for Package {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        add::<Hmac<Sha256>, M>(methods, "sha256");
        add::<Hmac<Sha384>, M>(methods, "sha384");
        add::<Hmac<Sha512>, M>(methods, "sha512");
        // Takes as long for a first byte that differs as for a last one.
        methods.add_function("equal", |_, (left, right): (Value, Value)| {
            let left = argument::text(&left, "hmac.equal", 1)?;
            let right = argument::text(&right, "hmac.equal", 2)?;
            Ok(equal(&left.as_bytes(), &right.as_bytes()))
        });
    }
}

fn add<D, M>(methods: &mut M, name: &'static str)
where
    D: Mac + KeyInit + 'static,
    M: UserDataMethods<Package>,
{
    type Call = (Value, Value, Option<LuaString>);
    methods.add_function(name, move |lua, (key, data, encoding): Call| {
        let function = format!("hmac.{name}");
        let key = argument::text(&key, &function, 1)?;
        let data = argument::text(&data, &function, 2)?;
        let mut mac = <D as KeyInit>::new_from_slice(&key.as_bytes()).map_err(Error::external)?;
        mac.update(&data.as_bytes());
        let code = mac.finalize().into_bytes();
        match encoding.as_ref().map(LuaString::as_bytes).as_deref() {
            None | Some(b"hex") => lua.create_string(hex(&code)),
            Some(b"base64") => lua.create_string(STANDARD.encode(&code)),
            Some(b"base64url") => lua.create_string(URL_SAFE_NO_PAD.encode(&code)),
            Some(b"raw") => lua.create_string(code),
            Some(_) => Err(Error::runtime(format_args!(
                "bad argument #3 to '{function}' (hex, base64, base64url or raw expected)"
            ))),
        }
    });
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(digit).collect()
}

/// Compares the codes of both under a key that nobody knows: then time tells nothing.
fn equal(left: &[u8], right: &[u8]) -> bool {
    let Ok(keyed) = <Hmac<Sha256> as KeyInit>::new_from_slice(uuid::Uuid::new_v4().as_bytes())
    else {
        return false;
    };
    let code = keyed.clone().chain_update(left).finalize();
    code == keyed.chain_update(right).finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::packages::table::check;

    /// The answers are those of RFC 4231, test case 2.
    #[test]
    fn each_function_keeps_to_its_table() {
        let of = |name: &str, rest: &str| {
            format!("return require('hmac').{name}('Jefe', 'what do ya want for nothing?'{rest})")
        };
        check(
            register,
            &[
                (
                    &of("sha256", ""),
                    "'5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'",
                ),
                (
                    &of("sha256", ", 'hex'"),
                    "'5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'",
                ),
                (
                    &of("sha256", ", 'base64'"),
                    "'W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM='",
                ),
                (
                    &of("sha256", ", 'base64url'"),
                    "'W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM'",
                ),
                ("return #require('hmac').sha256('k', 'd', 'raw')", "32"),
                ("return #require('hmac').sha384('k', 'd', 'raw')", "48"),
                ("return #require('hmac').sha512('k', 'd', 'raw')", "64"),
                (
                    &of("sha384", ""),
                    "'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649'",
                ),
                (
                    &of("sha512", ""),
                    "'164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737'",
                ),
                ("return #require('hmac').sha256('', '')", "64"),
                (
                    "return require('hmac').sha256('k', 'd', 'octal')",
                    "!hex, base64",
                ),
                (
                    "return require('hmac').sha256('k')",
                    "!string expected, got no value",
                ),
                (
                    "return require('hmac').sha256(1, 'd')",
                    "!string expected, got number",
                ),
                ("return require('hmac').equal('abc', 'abc')", "true"),
                ("return require('hmac').equal('', '')", "true"),
                ("return require('hmac').equal('abc', 'abd')", "false"),
                ("return require('hmac').equal('abc', 'ab')", "false"),
                ("return require('hmac').equal('abc')", "!string expected"),
            ],
        );
    }
}
