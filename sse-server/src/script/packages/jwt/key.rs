//! The keys that a script gives, each bound to the one algorithm that it names.

use std::str::FromStr;

use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use mlua::{Error, LuaString, Result, Table, Value};

/// One key, or several by the `kid` of the token's header.
pub(super) struct Keys {
    algorithm: Algorithm,
    family: AlgorithmFamily,
    name: String,
    key: Value,
}

impl Keys {
    /// # Errors
    ///
    /// No algorithm, an unknown one (as `none` is), no key.
    pub(super) fn read(options: &Table) -> Result<Self> {
        let name: Option<String> = options.get("alg")?;
        let name = name.ok_or_else(|| Error::runtime("'alg' is missing: one algorithm"))?;
        let algorithm = Algorithm::from_str(&name).ok();
        let family = algorithm.and_then(family);
        let (Some(algorithm), Some(family)) = (algorithm, family) else {
            return Err(Error::runtime(format_args!(
                "'{name}' is no algorithm here"
            )));
        };
        let key: Value = options.get("key")?;
        match &key {
            Value::String(_) | Value::Table(_) => Ok(Self {
                algorithm,
                family,
                name,
                key,
            }),
            _ => Err(Error::runtime(
                "'key' is missing: a string, or strings by kid",
            )),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// # Errors
    ///
    /// No such key, a key that is not one of this algorithm.
    pub(super) fn to_sign(&self, kid: Option<&str>) -> Result<(Algorithm, EncodingKey)> {
        let key = self.pick(kid)?;
        let key = key.ok_or_else(|| Error::runtime("'key' has no key of this 'kid'"))?;
        let bytes = key.as_bytes();
        let made = match self.family {
            AlgorithmFamily::Hmac => Ok(EncodingKey::from_secret(self.secret(&bytes)?)),
            AlgorithmFamily::Rsa => EncodingKey::from_rsa_pem(&bytes),
            AlgorithmFamily::Ec => EncodingKey::from_ec_pem(&bytes),
            AlgorithmFamily::Ed => EncodingKey::from_ed_pem(&bytes),
        };
        let key = made.map_err(|_| self.unfit("a private key in PEM"))?;
        Ok((self.algorithm, key))
    }

    /// The key for a token with this `kid`; a single key is for every token.
    ///
    /// # Errors
    ///
    /// A key that is not one of this algorithm.
    pub(super) fn to_check(&self, kid: Option<&str>) -> Result<Option<(Algorithm, DecodingKey)>> {
        let Some(key) = self.pick(kid)? else {
            return Ok(None);
        };
        let bytes = key.as_bytes();
        if self.family != AlgorithmFamily::Hmac && holds(&bytes, b"PRIVATE KEY") {
            return Err(self.unfit("the public key, not the private one"));
        }
        let made = match self.family {
            AlgorithmFamily::Hmac => Ok(DecodingKey::from_secret(self.secret(&bytes)?)),
            AlgorithmFamily::Rsa => DecodingKey::from_rsa_pem(&bytes),
            AlgorithmFamily::Ec => DecodingKey::from_ec_pem(&bytes),
            AlgorithmFamily::Ed => DecodingKey::from_ed_pem(&bytes),
        };
        let key = made.map_err(|_| self.unfit("a public key in PEM"))?;
        Ok(Some((self.algorithm, key)))
    }

    fn pick(&self, kid: Option<&str>) -> Result<Option<LuaString>> {
        match (&self.key, kid) {
            (Value::String(key), _) => Ok(Some(key.clone())),
            (Value::Table(keys), Some(kid)) => keys.raw_get(kid),
            _ => Ok(None),
        }
    }

    /// A PEM as the secret of an HMAC is the public half of somebody's pair: everybody knows it
    /// and could sign with it.
    fn secret<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8]> {
        if bytes.is_empty() || holds(bytes, b"-----BEGIN") {
            return Err(self.unfit("a secret, not a PEM and not empty"));
        }
        Ok(bytes)
    }

    fn unfit(&self, wanted: &str) -> Error {
        let name = &self.name;
        Error::runtime(format_args!("the key for {name} must be {wanted}"))
    }
}

fn family(algorithm: Algorithm) -> Option<AlgorithmFamily> {
    const FAMILIES: [AlgorithmFamily; 4] = [
        AlgorithmFamily::Hmac,
        AlgorithmFamily::Rsa,
        AlgorithmFamily::Ec,
        AlgorithmFamily::Ed,
    ];
    let holds = |family: &AlgorithmFamily| family.algorithms().contains(&algorithm);
    FAMILIES.into_iter().find(holds)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
