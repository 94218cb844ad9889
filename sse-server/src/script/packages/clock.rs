//! Where the packages read the time and wait for it.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mlua::Lua;

/// The time as scripts see it, so that a test of a script can replace it.
pub(crate) trait Clock {
    /// Milliseconds since 1970, UTC.
    fn unix_millis(&self) -> i64;

    /// Milliseconds since some moment before the script started; never goes back.
    fn monotonic_millis(&self) -> f64;

    /// Completes after this time.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()>>>;
}

/// The machine's clock.
#[derive(Debug)]
pub(crate) struct SystemClock {
    started: tokio::time::Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        let started = tokio::time::Instant::now();
        Self { started }
    }
}

impl Clock for SystemClock {
    fn unix_millis(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }

    fn monotonic_millis(&self) -> f64 {
        self.started.elapsed().as_secs_f64() * 1000.0
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// Makes this the clock of the state. Without it, the machine's clock is read.
pub(crate) fn install(lua: &Lua, clock: Rc<dyn Clock>) {
    lua.set_app_data(Installed(clock));
}

/// The clock of the state.
pub(super) fn of(lua: &Lua) -> Rc<dyn Clock> {
    if let Some(installed) = lua.app_data_ref::<Installed>() {
        return Rc::clone(&installed.0);
    }
    let clock: Rc<dyn Clock> = Rc::new(SystemClock::new());
    install(lua, Rc::clone(&clock));
    clock
}

struct Installed(Rc<dyn Clock>);
