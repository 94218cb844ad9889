//! `sleep`: waits, and lets the other hooks run meanwhile.

use std::time::Duration;

use mlua::{Lua, MetaMethod, Result, UserData, UserDataMethods, Value};

use super::{argument, clock};

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.register_module("sleep", Package)
}

struct Package;

impl UserData for Package {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_async_meta_function(
            MetaMethod::Call,
            async |lua: Lua, (_, time): (Value, Value)| {
                let millis = lua
                    .coerce_number(time.clone())?
                    .ok_or_else(|| argument::unfit("sleep", 1, "number", &time))?;
                let clock = clock::of(&lua);
                clock.sleep(duration(millis)).await;
                Ok(())
            },
        );
    }
}

/// A negative time is none; one that no clock can hold is for ever.
fn duration(millis: f64) -> Duration {
    if millis > 0.0 {
        Duration::try_from_secs_f64(millis / 1000.0).unwrap_or(Duration::MAX)
    } else {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::packages::table::check;

    #[test]
    fn it_takes_a_number_or_a_text_that_is_one() {
        check(
            register,
            &[
                ("return require('sleep')(0)", "nil"),
                ("return require('sleep')(1)", "nil"),
                ("return require('sleep')('1')", "nil"),
                ("return require('sleep')(0.5)", "nil"),
                ("return require('sleep')(-5)", "nil"),
                (
                    "return require('sleep')('soon')",
                    "!number expected, got string",
                ),
                (
                    "return require('sleep')()",
                    "!number expected, got no value",
                ),
                ("return require('sleep')({})", "!number expected, got table"),
            ],
        );
    }

    #[test]
    fn a_time_is_clamped_to_what_a_clock_can_hold() {
        for (millis, expected) in [
            (250.0, Duration::from_millis(250)),
            (-1.0, Duration::ZERO),
            (f64::NAN, Duration::ZERO),
            (f64::INFINITY, Duration::MAX),
            (1e300, Duration::MAX),
        ] {
            assert_eq!(duration(millis), expected, "{millis}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_is_waited_for() {
        let lua = Lua::new();
        register(&lua).unwrap();
        let started = tokio::time::Instant::now();
        let chunk = lua.load("require('sleep')(60000)");
        chunk.exec_async().await.unwrap();
        assert_eq!(started.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_huge_time_is_for_ever() {
        let lua = Lua::new();
        register(&lua).unwrap();
        let chunk = lua.load("require('sleep')(math.huge)").exec_async();
        let year = Duration::from_secs(365 * 24 * 3600);
        assert!(tokio::time::timeout(year, chunk).await.is_err());
    }
}
