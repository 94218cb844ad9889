//! What a token claims, and when it is believed.

use mlua::{Error, Lua, Result, Table, Value};

use super::Refused;

/// What the script expects of a token besides its signature.
pub(super) struct Expected {
    audience: Option<String>,
    issuer: Option<String>,
    leeway: f64,
}

impl Expected {
    /// # Errors
    ///
    /// An option of the wrong type, a negative leeway.
    pub(super) fn read(options: &Table) -> Result<Self> {
        let leeway = options.get::<Option<f64>>("leeway")?.unwrap_or(0.0);
        if !(0.0..=LARGEST_LEEWAY).contains(&leeway) {
            return Err(Error::runtime(format_args!(
                "'leeway' is not between 0 and {LARGEST_LEEWAY} seconds"
            )));
        }
        Ok(Self {
            audience: options.get("aud")?,
            issuer: options.get("iss")?,
            leeway,
        })
    }

    /// The first rule that the claims break.
    pub(super) fn check(&self, claims: &Table, now: f64) -> Result<Option<Refused>> {
        let Some(expires) = number(&claims.raw_get("exp")?) else {
            return Ok(Some("without an expiry"));
        };
        if now >= expires + self.leeway {
            return Ok(Some("expired"));
        }
        match claims.raw_get("nbf")? {
            Value::Nil => {}
            begins => match number(&begins) {
                Some(begins) if now >= begins - self.leeway => {}
                _ => return Ok(Some("not valid yet")),
            },
        }
        if let Some(issuer) = &self.issuer
            && !is(&claims.raw_get("iss")?, issuer)
        {
            return Ok(Some("from another issuer"));
        }
        let audience: Value = claims.raw_get("aud")?;
        let addressed = match (&self.audience, &audience) {
            (None, audience) => audience.is_nil(),
            (Some(expected), Value::Table(list)) => list
                .sequence_values::<Value>()
                .any(|one| one.is_ok_and(|one| is(&one, expected))),
            (Some(expected), one) => is(one, expected),
        };
        Ok((!addressed).then_some("for another audience"))
    }
}

/// The claims with an end to them: a copy, so that the script's table stays as it was.
///
/// # Errors
///
/// No `exp` that is a number, and no lifetime either.
pub(super) fn expiring(
    lua: &Lua,
    claims: &Table,
    lifetime: Option<f64>,
    now: f64,
) -> Result<Table> {
    let copy = lua.create_table()?;
    for pair in claims.pairs::<Value, Value>() {
        let (name, value) = pair?;
        copy.raw_set(name, value)?;
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds are usual")]
    if let Some(lifetime) = lifetime {
        copy.raw_set("iat", now as i64)?;
        copy.raw_set("exp", (now + lifetime).ceil() as i64)?;
    }
    match number(&copy.raw_get("exp")?) {
        Some(_) => Ok(copy),
        None => Err(Error::runtime("a token needs 'exp', or the option 'ttl'")),
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Number(number) => Some(*number).filter(|number| number.is_finite()),
        _ => None,
    }
}

fn is(value: &Value, expected: &str) -> bool {
    value.as_string().is_some_and(|text| *text == *expected)
}

/// Clocks differ by seconds; more would be a longer life.
const LARGEST_LEEWAY: f64 = 300.0;
