//! `time`: the clock, and how it is written.

use mlua::{Error, Lua, MetaMethod, MultiValue, Result, UserData, UserDataMethods, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{argument, clock};

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.register_module("time", Package)
}

struct Package;

impl UserData for Package {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_function(MetaMethod::Call, |lua, _: MultiValue| {
            Ok(clock::of(lua).unix_millis())
        });
        methods.add_function("now", |lua, ()| Ok(clock::of(lua).unix_millis()));
        methods.add_function("monotonic", |lua, ()| Ok(clock::of(lua).monotonic_millis()));
        methods.add_function("format", |lua, millis: Value| {
            let date = date(lua, &millis, "time.format")?;
            date.format(&Rfc3339).map_err(Error::external)
        });
        methods.add_function("parse", |_, text: Value| {
            let text = argument::utf8(&text, "time.parse", 1)?;
            Ok(match OffsetDateTime::parse(&text, &Rfc3339) {
                Ok(date) => (Some(millis(date)), None),
                Err(_) => (None, Some(format!("'{text}' is no time"))),
            })
        });
        methods.add_function("duration", |_, text: Value| {
            let text = argument::utf8(&text, "time.duration", 1)?;
            Ok(match humantime::parse_duration(&text) {
                Ok(time) => (i64::try_from(time.as_millis()).ok(), None),
                Err(error) => (None, Some(format!("'{text}' is no duration: {error}"))),
            })
        });
    }
}

/// The moment that many milliseconds after 1970; without a number, now.
fn date(lua: &Lua, value: &Value, function: &str) -> Result<OffsetDateTime> {
    let millis = match value {
        Value::Nil => clock::of(lua).unix_millis(),
        Value::Integer(millis) => *millis,
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a fraction of a millisecond is cut, and what is out of range is refused below"
        )]
        Value::Number(millis) => *millis as i64,
        other => return Err(argument::unfit(function, 1, "number", other)),
    };
    let date = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000);
    date.map_err(|_| Error::runtime(format_args!("{millis} is no time between the years ±9999")))
}

fn millis(date: OffsetDateTime) -> i64 {
    i64::try_from(date.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::packages::table::check;

    #[test]
    fn each_function_keeps_to_its_table() {
        check(
            register,
            &[
                (
                    "local t = require('time') return math.type(t.now())",
                    "'integer'",
                ),
                (
                    "local t = require('time') return t() - t.now() <= 0",
                    "true",
                ),
                (
                    "local t = require('time') return math.abs(t.now() - os.time() * 1000) < 2000",
                    "true",
                ),
                (
                    "local t = require('time') local a = t.monotonic() return t.monotonic() >= a",
                    "true",
                ),
                ("return require('time').format(0)", "'1970-01-01T00:00:00Z'"),
                (
                    "return require('time').format(1700000000123)",
                    "'2023-11-14T22:13:20.123Z'",
                ),
                (
                    "return require('time').format(1700000000123.9)",
                    "'2023-11-14T22:13:20.123Z'",
                ),
                (
                    "return require('time').format(-1)",
                    "'1969-12-31T23:59:59.999Z'",
                ),
                (
                    "local t = require('time') return t.parse(t.format()) - t.now() <= 0",
                    "true",
                ),
                (
                    "return require('time').format(math.maxinteger)",
                    "!is no time",
                ),
                (
                    "return require('time').format('soon')",
                    "!number expected, got string",
                ),
                (
                    "return require('time').parse('2023-11-14T22:13:20.123Z')",
                    "1700000000123",
                ),
                (
                    "return require('time').parse('2023-11-14T23:13:20.123+01:00')",
                    "1700000000123",
                ),
                (
                    "return require('time').parse('1969-12-31T23:59:59.999Z')",
                    "-1",
                ),
                (
                    "return {select('#', require('time').parse('soon')), (select(2, require('time').parse('soon')))}",
                    r"{2,'\'soon\' is no time'}",
                ),
                (
                    "return require('time').parse(5)",
                    "!string expected, got number",
                ),
                ("return require('time').duration('1h 30m')", "5400000"),
                ("return require('time').duration('250ms')", "250"),
                ("return require('time').duration('soon')", "nil"),
                (
                    "return require('time').duration(5)",
                    "!string expected, got number",
                ),
            ],
        );
    }
}
