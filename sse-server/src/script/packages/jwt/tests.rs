use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use super::*;
use crate::script::packages::clock::Clock;
use crate::script::packages::table::{check, run};

/// Tokens that a client could come with are put together by hand. The key pairs were made for
/// these tests and open nothing.
const BEGIN: &str = "
    jwt, HS = require('jwt'), {alg = 'HS256', key = 'secret'}
    b64 = function(s) return (require('base64').urlsafe().encode(s):gsub('=', '')) end
    forge = function(header, claims, key)
        local signed = b64(header) .. '.' .. b64(claims)
        return signed .. '.' .. b64(require('hmac').sha256(key or 'secret', signed, 'raw'))
    end
    future = os.time() + 1000
    refused = function(token, options) return select(2, jwt.decode(token, options or HS)) end ";

fn register_all(lua: &Lua) -> Result<()> {
    register(lua)?;
    crate::script::packages::base64::register(lua)?;
    crate::script::packages::hmac::register(lua)?;
    for (name, pem) in [
        ("rsa_private", include_str!("keys/rsa.private.pem")),
        ("rsa_public", include_str!("keys/rsa.public.pem")),
        ("ec_private", include_str!("keys/ec.private.pem")),
        ("ec_public", include_str!("keys/ec.public.pem")),
        ("ed_private", include_str!("keys/ed.private.pem")),
        ("ed_public", include_str!("keys/ed.public.pem")),
    ] {
        lua.globals().set(name, pem)?;
    }
    lua.load(BEGIN).exec()
}

#[test]
fn what_is_signed_is_read_back_under_every_algorithm() {
    let round = |algorithm: &str, private: &str, public: &str| {
        format!(
            "local token = jwt.encode({{sub = 'me', n = {{1, 2}}}}, {{alg = '{algorithm}', key = {private}, ttl = 60}})
            local claims = assert(jwt.decode(token, {{alg = '{algorithm}', key = {public}}}))
            return claims.sub .. claims.n[2]"
        )
    };
    let secret = |algorithm| round(algorithm, "'secret'", "'secret'");
    let rsa = |algorithm| round(algorithm, "rsa_private", "rsa_public");
    check(
        register_all,
        &[
            (&secret("HS256"), "'me2'"),
            (&secret("HS384"), "'me2'"),
            (&secret("HS512"), "'me2'"),
            (&rsa("RS256"), "'me2'"),
            (&rsa("RS384"), "'me2'"),
            (&rsa("RS512"), "'me2'"),
            (&rsa("PS256"), "'me2'"),
            (&rsa("PS384"), "'me2'"),
            (&rsa("PS512"), "'me2'"),
            (&round("ES256", "ec_private", "ec_public"), "'me2'"),
            (&round("EdDSA", "ed_private", "ed_public"), "'me2'"),
            (
                "return jwt.decode(forge('{\"alg\":\"HS256\"}', '{\"exp\":' .. future .. ',\"x\":[]}'), HS).x",
                "{}",
            ),
        ],
    );
}

#[test]
fn the_algorithm_is_the_scripts_and_never_the_tokens() {
    check(
        register_all,
        &[
            (
                "return refused(forge('{\"alg\":\"none\"}', '{\"exp\":' .. future .. '}'))",
                "'signed with another algorithm'",
            ),
            (
                "return refused(b64('{\"alg\":\"none\"}') .. '.' .. b64('{\"exp\":' .. future .. '}') .. '.')",
                "'signed with another algorithm'",
            ),
            (
                "return refused(forge('{\"alg\":\"HS512\"}', '{\"exp\":' .. future .. '}'))",
                "'signed with another algorithm'",
            ),
            (
                "return refused(forge('{}', '{\"exp\":' .. future .. '}'))",
                "'signed with another algorithm'",
            ),
            (
                "return refused(forge('{\"alg\":[\"HS256\"]}', '{\"exp\":' .. future .. '}'))",
                "'signed with another algorithm'",
            ),
            // The public key of a pair as the secret of an HMAC.
            (
                "return refused(forge('{\"alg\":\"HS256\"}', '{\"exp\":' .. future .. '}', rsa_public), {alg = 'RS256', key = rsa_public})",
                "'signed with another algorithm'",
            ),
            (
                "jwt.decode('', {alg = 'none', key = 'k'})",
                "!'none' is no algorithm",
            ),
            (
                "jwt.decode('', {alg = 'hs256', key = 'k'})",
                "!'hs256' is no algorithm",
            ),
            ("jwt.decode('', {key = 'k'})", "!'alg' is missing"),
            ("jwt.decode('', {alg = 'HS256'})", "!'key' is missing"),
            ("jwt.decode('')", "!table"),
            (
                "return jwt.encode({}, {alg = 'none', key = 'k', ttl = 1})",
                "!'none' is no algorithm",
            ),
        ],
    );
}

#[test]
fn a_key_is_bound_to_its_kind_of_algorithm() {
    let token = "forge('{\"alg\":\"%s\"}', '{\"exp\":' .. future .. '}')";
    let decode = |algorithm: &str, key: &str| {
        let token = token.replace("%s", algorithm);
        format!("return jwt.decode({token}, {{alg = '{algorithm}', key = {key}}})")
    };
    let encode = |algorithm: &str, key: &str| {
        format!("return jwt.encode({{}}, {{alg = '{algorithm}', key = {key}, ttl = 1}})")
    };
    check(
        register_all,
        &[
            (
                &decode("HS256", "rsa_public"),
                "!must be a secret, not a PEM",
            ),
            (
                &decode("HS256", "ec_private"),
                "!must be a secret, not a PEM",
            ),
            (
                &decode("HS256", "''"),
                "!must be a secret, not a PEM and not empty",
            ),
            (&decode("RS256", "'secret'"), "!must be a public key in PEM"),
            (
                &decode("RS256", "ec_public"),
                "!must be a public key in PEM",
            ),
            (
                &decode("ES256", "rsa_public"),
                "!must be a public key in PEM",
            ),
            (
                &decode("EdDSA", "ec_public"),
                "!must be a public key in PEM",
            ),
            (&decode("RS256", "rsa_private"), "!not the private one"),
            (
                &encode("HS256", "rsa_private"),
                "!must be a secret, not a PEM",
            ),
            (
                &encode("RS256", "'secret'"),
                "!must be a private key in PEM",
            ),
            (
                &encode("ES256", "rsa_private"),
                "!must be a private key in PEM",
            ),
        ],
    );
}

#[test]
fn several_keys_are_told_apart_by_their_kid() {
    let keys = "{alg = 'HS256', key = {a = 'one', b = 'two'}}";
    let sign = "jwt.encode({sub = 'x'}, {alg = 'HS256', key = {a = 'one', b = 'two', c = 'three'}, kid = '%s', ttl = 9})";
    let of = |kid: &str| format!("return jwt.decode({}, {keys}).sub", sign.replace("%s", kid));
    let refused = |kid: &str| format!("return refused({}, {keys})", sign.replace("%s", kid));
    check(
        register_all,
        &[
            (&of("a"), "'x'"),
            (&of("b"), "'x'"),
            (&refused("c"), "'signed with a key that is not known here'"),
            (
                &format!("return refused(forge('{{\"alg\":\"HS256\"}}', '{{}}', 'one'), {keys})"),
                "'signed with a key that is not known here'",
            ),
            (
                &format!(
                    "return refused(forge('{{\"alg\":\"HS256\",\"kid\":\"b\"}}', '{{}}', 'one'), {keys})"
                ),
                "'not signed with this key'",
            ),
            (
                "return jwt.encode({}, {alg = 'HS256', key = {a = 'one'}, ttl = 1})",
                "!no key of this 'kid'",
            ),
        ],
    );
}

#[test]
fn what_is_no_token_is_refused_in_words() {
    let hs = "'{\"alg\":\"HS256\"}'";
    let claims = |claims: &str| format!("return refused(forge({hs}, {claims}))");
    check(
        register_all,
        &[
            ("return refused('')", "'not a token'"),
            ("return refused('a.b')", "'not a token'"),
            ("return refused('a.b.c')", "'not a token'"),
            ("return refused('a.b.c.d')", "'not a token'"),
            ("return refused(nil)", "'not a token'"),
            ("return refused(5)", "'not a token'"),
            ("return refused('\\255.\\255.\\255')", "'not a token'"),
            ("return refused(('a'):rep(20000))", "'too long'"),
            ("return refused(forge('[]', '{}'))", "'not a token'"),
            (&claims("'[1]'"), "'not a token'"),
            (&claims("'null'"), "'not a token'"),
            (
                "return refused(forge('{\"alg\":\"HS256\",\"crit\":[\"exp\"]}', '{}'))",
                "'needs an extension that is not known here'",
            ),
            (
                &format!("return refused(forge({hs}, '{{\"exp\":' .. future .. '}}', 'other'))"),
                "'not signed with this key'",
            ),
            (
                &format!("return refused(forge({hs}, '{{\"exp\":' .. future .. '}}'):sub(1, -2))"),
                "'not signed with this key'",
            ),
            (
                &format!("return refused(forge({hs}, '{{}}'))"),
                "'without an expiry'",
            ),
            (&claims("'{\"exp\":\"9999999999\"}'"), "'without an expiry'"),
            (&claims("'{\"exp\":null}'"), "'without an expiry'"),
            (&claims("'{\"exp\":1}'"), "'expired'"),
            (
                &claims("'{\"nbf\":' .. future .. ',\"exp\":' .. future .. '}'"),
                "'not valid yet'",
            ),
            (
                &claims("'{\"nbf\":\"1\",\"exp\":' .. future .. '}'"),
                "'not valid yet'",
            ),
            ("return jwt.encode({}, HS)", "!a token needs 'exp'"),
            (
                "return jwt.encode({exp = 'soon'}, HS)",
                "!a token needs 'exp'",
            ),
            ("return jwt.encode({exp = 0/0}, HS)", "!a token needs 'exp'"),
            (
                "local c = {} jwt.encode(c, {alg = 'HS256', key = 'k', ttl = 1}) return next(c)",
                "nil",
            ),
        ],
    );
}

#[test]
fn audience_and_issuer_are_checked() {
    let of = |claims: &str, options: &str| {
        format!(
            "local token = jwt.encode({{{claims}}}, {{alg = 'HS256', key = 'secret', ttl = 60}})
            local claims, refused = jwt.decode(token, {{alg = 'HS256', key = 'secret', {options}}})
            return claims and 'accepted' or refused"
        )
    };
    check(
        register_all,
        &[
            (&of("aud = 'me'", "aud = 'me'"), "'accepted'"),
            (&of("aud = {'you', 'me'}", "aud = 'me'"), "'accepted'"),
            (&of("aud = 'you'", "aud = 'me'"), "'for another audience'"),
            (&of("aud = {'you'}", "aud = 'me'"), "'for another audience'"),
            (&of("", "aud = 'me'"), "'for another audience'"),
            (&of("aud = 'me'", ""), "'for another audience'"),
            (&of("iss = 'us'", "iss = 'us'"), "'accepted'"),
            (&of("iss = 'them'", "iss = 'us'"), "'from another issuer'"),
            (&of("", "iss = 'us'"), "'from another issuer'"),
            (&of("iss = 'us'", ""), "'accepted'"),
            (&of("", "leeway = -1"), "!'leeway' is not between"),
            (&of("", "leeway = 1e9"), "!'leeway' is not between"),
        ],
    );
}

#[test]
fn it_ends_when_the_clock_says_so() {
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
    let time = Rc::new(Set(Cell::new(1_700_000_000_000)));
    clock::install(&lua, time.clone());
    register_all(&lua).unwrap();
    run(
        &lua,
        "token = jwt.encode({nbf = 1700000010}, {alg = 'HS256', key = 'secret', ttl = 60})",
    );
    for (second, expected) in [
        (9, "'not valid yet'"),
        (10, "nil"),
        (59, "nil"),
        (60, "'expired'"),
    ] {
        time.0.set((1_700_000_000 + second) * 1000);
        assert_eq!(run(&lua, "return refused(token)"), expected, "{second}");
    }
    let lenient = "return refused(token, {alg = 'HS256', key = 'secret', leeway = 5})";
    assert_eq!(run(&lua, lenient), "nil");
    time.0.set(1_700_000_065_000);
    assert_eq!(run(&lua, lenient), "'expired'");
}
