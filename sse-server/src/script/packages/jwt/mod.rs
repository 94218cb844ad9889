//! `jwt`: JSON Web Tokens, signed and checked (RFC 7519, with the advice of RFC 8725).

mod claims;
mod key;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto;
use mlua::{Error, Lua, Result, Table, UserData, UserDataMethods, Value};

use super::{clock, json};
use claims::Expected;
use key::Keys;

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.register_module("jwt", Package)
}

struct Package;

impl UserData for Package {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_function("encode", |lua, (claims, options): (Table, Table)| {
            encode(lua, &claims, &options)
        });
        // What is wrong with the options is the script's mistake and raises; what is wrong with
        // the token is the client's and is returned.
        methods.add_function("decode", |lua, (token, options): (Value, Table)| {
            let keys = Keys::read(&options)?;
            let expected = Expected::read(&options)?;
            Ok(match decode(lua, &token, &keys, &expected)? {
                Ok(claims) => (Some(claims), None),
                Err(refused) => (None, Some(refused)),
            })
        });
    }
}

/// Why a token is not accepted: words for a log, and no part of the token in them.
type Refused = &'static str;

fn encode(lua: &Lua, claims: &Table, options: &Table) -> Result<String> {
    let keys = Keys::read(options)?;
    let kid: Option<String> = options.get("kid")?;
    let (algorithm, key) = keys.to_sign(kid.as_deref())?;
    let lifetime: Option<f64> = options.get("ttl")?;
    let claims = claims::expiring(lua, claims, lifetime, now(lua))?;

    let header = lua.create_table()?;
    header.raw_set("alg", keys.name())?;
    header.raw_set("typ", "JWT")?;
    header.raw_set("kid", kid)?;
    let part = |table: Table| {
        let text = json::encode(lua, &Value::Table(table), json::Layout::Compact)?;
        Ok::<_, Error>(URL_SAFE_NO_PAD.encode(text))
    };
    let signed = format!("{}.{}", part(header)?, part(claims)?);
    let signature = crypto::sign(signed.as_bytes(), &key, algorithm)
        .map_err(|error| Error::runtime(format_args!("the key does not sign: {error}")))?;
    Ok(format!("{signed}.{signature}"))
}

fn decode(
    lua: &Lua,
    token: &Value,
    keys: &Keys,
    expected: &Expected,
) -> Result<std::result::Result<Table, Refused>> {
    const FORM: Refused = "not a token";
    let Value::String(token) = token else {
        return Ok(Err(FORM));
    };
    let token = token.to_string_lossy();
    if token.len() > LONGEST {
        return Ok(Err("too long"));
    }
    let Some((signed, signature)) = token.rsplit_once('.') else {
        return Ok(Err(FORM));
    };
    let parts = signed.split_once('.');
    let parts = parts.map(|(header, claims)| (part(lua, header), part(lua, claims)));
    let Some((Ok(header), Ok(claims))) = parts else {
        return Ok(Err(FORM));
    };

    // The header only picks among the keys of the script. A key that it brings along or points at
    // (jwk, jku, x5c, x5u) is never looked at.
    if header
        .raw_get::<Value>("alg")?
        .as_string()
        .is_none_or(|alg| *alg != *keys.name())
    {
        return Ok(Err("signed with another algorithm"));
    }
    if header.contains_key("crit")? {
        return Ok(Err("needs an extension that is not known here"));
    }
    let kid: Value = header.raw_get("kid")?;
    let kid = kid.as_string().map(mlua::LuaString::to_string_lossy);
    let Some((algorithm, key)) = keys.to_check(kid.as_deref())? else {
        return Ok(Err("signed with a key that is not known here"));
    };
    match crypto::verify(signature, signed.as_bytes(), &key, algorithm) {
        Ok(true) => {}
        Ok(false) | Err(_) => return Ok(Err("not signed with this key")),
    }
    Ok(match expected.check(&claims, now(lua))? {
        None => Ok(claims),
        Some(refused) => Err(refused),
    })
}

/// A part that must be a JSON object.
fn part(lua: &Lua, text: &str) -> Result<Table> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(Error::external)?;
    match json::decode(lua, &bytes)? {
        Value::Table(table) if !json::is_array(lua, &table) => Ok(table),
        _ => Err(Error::runtime("not an object")),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the milliseconds of 285,000 years fit"
)]
fn now(lua: &Lua) -> f64 {
    clock::of(lua).unix_millis() as f64 / 1000.0
}

/// No head of a request is larger.
const LONGEST: usize = 16 << 10;

#[cfg(test)]
mod tests;
