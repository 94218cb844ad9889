//! `log`: lines in the server's log.

use mlua::{
    Error, Function, Lua, LuaString, MultiValue, Result, Table, UserData, UserDataFields,
    UserDataMethods, Value,
};
use tracing::Level;

use super::argument;

/// Puts the package where `require` finds it.
///
/// # Errors
///
/// The string library is missing.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    // Kept from here on: a script may put its own things where the library stands.
    let format: Function = lua.globals().get::<Table>("string")?.get("format")?;
    lua.set_named_registry_value(FORMAT, format)?;
    lua.register_module("log", Package)
}

struct Package;

impl UserData for Package {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        for (name, _, _) in LEVELS {
            fields.add_field(name, name);
        }
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_function("log", |lua, (level, text): (Value, Value)| {
            write(read(lua, &level)?, &printed(lua, &text, "log.log", 2)?);
            Ok(())
        });
        methods.add_function("logf", |lua, (level, rest): (Value, MultiValue)| {
            write(read(lua, &level)?, &format(lua, rest)?);
            Ok(())
        });
        for (name, level, _) in LEVELS {
            let name = name.to_ascii_lowercase();
            methods.add_function(format!("{name}f"), move |lua, rest: MultiValue| {
                write(level, &format(lua, rest)?);
                Ok(())
            });
            methods.add_function(name.clone(), move |lua, text: Value| {
                write(level, &printed(lua, &text, &format!("log.{name}"), 1)?);
                Ok(())
            });
        }
    }
}

/// A level by its name in any case, or by its number from 1 to 5.
fn read(lua: &Lua, level: &Value) -> Result<Level> {
    let text = lua.coerce_string(level.clone())?;
    let text = text.as_ref().map(LuaString::to_string_lossy);
    let found = text.as_deref().and_then(|text| {
        let is = |(name, _, number): &&(&str, Level, &str)| {
            name.eq_ignore_ascii_case(text) || *number == text
        };
        LEVELS.iter().find(is)
    });
    found.map(|(_, level, _)| *level).ok_or_else(|| {
        let level = text.unwrap_or_else(|| level.type_name().to_owned());
        Error::runtime(format_args!(
            "'{level}' is no level: error, warn, info, debug, trace or 1 to 5"
        ))
    })
}

fn printed(lua: &Lua, text: &Value, function: &str, position: usize) -> Result<String> {
    let text = argument::printed(text, function, position, lua)?;
    Ok(text.to_string_lossy())
}

fn format(lua: &Lua, rest: MultiValue) -> Result<String> {
    let format: Function = lua.named_registry_value(FORMAT)?;
    let text: LuaString = format.call(rest)?;
    Ok(text.to_string_lossy())
}

fn write(level: Level, text: &str) {
    match level {
        Level::ERROR => tracing::error!(target: "script", "{text}"),
        Level::WARN => tracing::warn!(target: "script", "{text}"),
        Level::INFO => tracing::info!(target: "script", "{text}"),
        Level::DEBUG => tracing::debug!(target: "script", "{text}"),
        Level::TRACE => tracing::trace!(target: "script", "{text}"),
    }
}

const FORMAT: &str = "sse_server.log.format";

const LEVELS: [(&str, Level, &str); 5] = [
    ("ERROR", Level::ERROR, "1"),
    ("WARN", Level::WARN, "2"),
    ("INFO", Level::INFO, "3"),
    ("DEBUG", Level::DEBUG, "4"),
    ("TRACE", Level::TRACE, "5"),
];

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::script::packages::table::{check, run};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a chunk wrote to the log, or its error.
    fn logged(chunk: &str) -> String {
        let lua = Lua::new();
        register(&lua).unwrap();
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .without_time()
            .finish();
        let chunk = format!("local log = require('log') {chunk}");
        let found = tracing::subscriber::with_default(subscriber, || run(&lua, &chunk));
        assert_eq!(found, "nil", "{chunk}");
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().trim().to_owned()
    }

    #[test]
    fn every_level_reaches_the_log() {
        for (chunk, expected) in [
            ("log.error('a')", "ERROR script: a"),
            ("log.warn('a')", "WARN script: a"),
            ("log.info('a')", "INFO script: a"),
            ("log.debug('a')", "DEBUG script: a"),
            ("log.trace('a')", "TRACE script: a"),
            ("log.info(5)", "INFO script: 5"),
            ("log.log(log.WARN, 'a')", "WARN script: a"),
            ("log.log('warn', 'a')", "WARN script: a"),
            ("log.log(1, 'a')", "ERROR script: a"),
            ("log.log('5', 'a')", "TRACE script: a"),
            ("log.logf('Info', '%d%%', 7)", "INFO script: 7%"),
            ("log.errorf('%s', 'a')", "ERROR script: a"),
            ("log.warnf('%s', 'a')", "WARN script: a"),
            ("log.infof('%s %q', 1, 'a')", "INFO script: 1 \"a\""),
            ("log.debugf('%s', 'a')", "DEBUG script: a"),
            ("log.tracef('%s', {1} and 'a')", "TRACE script: a"),
            ("string = nil log.infof('%s', 'a')", "INFO script: a"),
        ] {
            assert_eq!(logged(chunk), expected, "{chunk}");
        }
    }

    #[test]
    fn each_function_keeps_to_its_table() {
        check(
            register,
            &[
                (
                    "local l = require('log') return {l.ERROR, l.WARN, l.INFO, l.DEBUG, l.TRACE}",
                    "{'ERROR','WARN','INFO','DEBUG','TRACE'}",
                ),
                ("require('log').log('loud', 'a')", "!'loud' is no level"),
                ("require('log').log(0, 'a')", "!'0' is no level"),
                ("require('log').log(6, 'a')", "!'6' is no level"),
                ("require('log').log(nil, 'a')", "!'nil' is no level"),
                ("require('log').log({}, 'a')", "!'table' is no level"),
                (
                    "require('log').info({})",
                    "!string or number expected, got table",
                ),
                (
                    "require('log').info()",
                    "!string or number expected, got no value",
                ),
                (
                    "require('log').log('info', {})",
                    "!string or number expected, got table",
                ),
                (
                    "require('log').infof('%d', 'x')",
                    "!number expected, got string",
                ),
                ("require('log').logf('loud', 'x')", "!'loud' is no level"),
            ],
        );
    }
}
