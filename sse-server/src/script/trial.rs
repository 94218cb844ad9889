//! The tests of a script: each global function `test_*`, in a state of its own.

use std::{cell::Cell, future::Future, path::Path, pin::Pin, rc::Rc, sync::Arc, time::Duration};

use mlua::{Function, Lua, Result as LuaResult};
use tokio::{runtime, task, task::LocalSet, time};

use crate::script::{
    config::ScriptConfig,
    engine,
    error::{ScriptError, ScriptErrorKind},
    hook::Hook,
    host::{BoxFuture, Connection, Host, HostPublished},
    packages::{
        self,
        clock::{self, Clock},
        kv::Store,
    },
    publication::Publication,
    shared::Shared,
    state::State,
    verdict::Routing,
};

/// One test, and why it failed.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trial {
    /// The name of the function.
    pub name: String,
    /// What it raised, if it failed.
    pub failure: Option<String>,
}

/// Runs the tests of a file, in the order of their names.
///
/// Time is virtual: it begins at a fixed moment, and passes only where the script waits, at once.
/// The package `http` answers what the test has told it to, and `sse.published` holds what was published.
///
/// # Errors
/// [`ScriptError`] if the file cannot be read or loaded.
pub fn try_script(file: &Path) -> Result<Vec<Trial>, ScriptError> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ScriptError::new(ScriptErrorKind::Load, error))?;
    LocalSet::new().block_on(&runtime, async {
        let config = ScriptConfig::new(file);
        let text = engine::read(&config)?;
        let names = load(&config, &text).await?;
        let names = test_names(names.lua());
        let names = names.map_err(|error| ScriptError::new(ScriptErrorKind::Load, error))?;
        let mut trials = Vec::new();
        for name in names {
            let state = load(&config, &text).await?;
            let failure = run(&state, &name).await.err();
            trials.push(Trial { name, failure });
        }
        Ok(trials)
    })
}

async fn load(config: &ScriptConfig, text: &str) -> Result<Rc<State>, ScriptError> {
    let shared = Arc::new(Shared::new());
    let host: Arc<dyn Host> = Arc::new(Alone);
    let prepare = |lua: &Lua| -> LuaResult<()> {
        clock::install(lua, Rc::new(Virtual::default()));
        packages::register_all(lua, &host, &shared, &Store::default())?;
        lua.load(include_str!("trial.lua"))
            .set_name("=trial")
            .exec()
    };
    State::load(config, text, 1, shared.watch(), prepare).await
}

fn test_names(lua: &Lua) -> LuaResult<Vec<String>> {
    let mut names = Vec::new();
    lua.globals()
        .for_each(|name: mlua::Value, value: mlua::Value| {
            if let Some(name) = name.as_string()
                && let Ok(name) = name.to_str()
                && name.starts_with("test_")
                && value.is_function()
            {
                names.push(name.to_owned());
            }
            Ok(())
        })?;
    names.sort();
    Ok(names)
}

async fn run(state: &State, name: &str) -> Result<(), String> {
    let test: Function = state
        .lua()
        .globals()
        .get(name)
        .map_err(|error| error.to_string())?;
    // A budget of time, as every hook has; the name stands only in the log.
    let call = state.call_function(Hook::Tick, &test, ());
    match time::timeout(PATIENCE, call).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(failure)) => Err(failure.text),
        Err(_) => Err("it waits for what does not come".to_owned()),
    }
}

/// Waiting takes no time but moves the clock.
struct Virtual {
    now: Cell<Duration>,
}

impl Default for Virtual {
    fn default() -> Self {
        Self {
            now: Cell::new(Duration::ZERO),
        }
    }
}

impl Clock for Virtual {
    fn unix_millis(&self) -> i64 {
        BEGIN + i64::try_from(self.now.get().as_millis()).unwrap_or(i64::MAX - BEGIN)
    }

    fn monotonic_millis(&self) -> f64 {
        self.now.get().as_secs_f64() * 1000.0
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()>>> {
        match self.now.get().checked_add(time) {
            Some(now) => {
                self.now.set(now);
                Box::pin(task::yield_now())
            }
            None => Box::pin(std::future::pending()),
        }
    }
}

/// A server without connections.
pub(crate) struct Alone;

impl Host for Alone {
    fn publish(&self, _: Publication, _: Routing) -> BoxFuture<Result<HostPublished, String>> {
        let id = uuid::Uuid::new_v4().to_string();
        Box::pin(async move { Ok(HostPublished { id, subscribers: 0 }) })
    }

    fn subscribers(&self, _: Option<String>) -> BoxFuture<Result<Vec<Connection>, String>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn count(&self, _: Option<String>) -> BoxFuture<Result<usize, String>> {
        Box::pin(async { Ok(0) })
    }

    fn disconnect(&self, _: String, _: Option<u64>) -> BoxFuture<bool> {
        Box::pin(async { false })
    }
}

/// 2001-09-09T01:46:40Z, in milliseconds.
const BEGIN: i64 = 1_000_000_000_000;

const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        let trials = try_script(file.path()).unwrap();
        let names: Vec<_> = trials.iter().map(|it| &*it.name).collect();
        assert_eq!(names, expected.iter().map(|it| it.0).collect::<Vec<_>>());
        for (trial, (name, part)) in trials.iter().zip(expected) {
            match &trial.failure {
                None => assert!(part.is_empty(), "{name} passed"),
                Some(text) => assert!(!part.is_empty() && text.contains(part), "{name}: {text}"),
            }
        }
    }

    #[test]
    fn tests_pass_or_say_what_they_raised_each_in_a_fresh_state() {
        check(
            "n = 0
            function test_b() n = n + 1 assert(n == 1) end
            function test_a() n = n + 1 assert(n == 1) end
            function test_fails() assert(1 == 2, 'one is not two') end
            function test_raises_a_table() error({}) end
            function test_spins() while true do pcall(function() while true do end end) end end
            function testing() error('no test') end
            test_value = 5",
            &[
                ("test_a", ""),
                ("test_b", ""),
                ("test_fails", "one is not two"),
                ("test_raises_a_table", "table"),
                ("test_spins", "too long"),
            ],
        );
    }

    #[test]
    fn time_is_virtual() {
        check(
            "local sleep, time, kv = require 'sleep', require 'time', require 'kv'
            function test_sleep()
                assert(time.now() == 1000000000000 and os.time() == 1000000000)
                kv.set('a', 1, 1000)
                sleep(3600 * 1000)
                assert(time.now() == 1000003600000 and os.time() == 1000003600 and os.clock() == 3600)
                assert(kv.get('a') == nil)
            end",
            &[("test_sleep", "")],
        );
    }

    #[test]
    fn http_and_the_server_are_stubbed() {
        check(
            "local http, sse = require 'http', require 'sse'
            function publish(pub)
                local answer = http.post('http://auth/check', {body = pub.msg.data})
                if answer.status ~= 200 then return nil end
                sse.publish({data = 'seen'}, {topics = {'log'}})
                return pub
            end
            function test_accepts()
                http.stub{url = 'http://auth/check', method = 'post', status = 200}
                assert(publish{req = {}, msg = {data = 'd'}}.msg.data == 'd')
                assert(http.requests[1].body == 'd' and http.requests[1].method == 'POST')
                assert(sse.published[1].msg.data == 'seen' and sse.published[1].topics[1] == 'log')
            end
            function test_refuses()
                http.stub{pattern = '^http://auth', respond = function(request) return {status = 403, body = request.body} end}
                assert(publish{req = {}, msg = {data = 'd'}} == nil and #sse.published == 0)
            end
            function test_agent()
                http.stub{}
                local agent = http.agent{headers = {a = 1}}
                agent:get('http://x', {headers = {b = 2}})
                agent:get('http://x')
                assert(http.requests[1].headers.a == 1 and http.requests[1].headers.b == 2)
                assert(http.requests[2].headers.a == 1 and http.requests[2].headers.b == nil)
            end
            function test_without_a_stub() http.get('http://nowhere') end",
            &[
                ("test_accepts", ""),
                ("test_agent", ""),
                ("test_refuses", ""),
                ("test_without_a_stub", "no http.stub for GET http://nowhere"),
            ],
        );
    }

    #[test]
    fn a_file_that_is_no_script_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "x = = 1").unwrap();
        assert_eq!(
            try_script(file.path()).unwrap_err().kind(),
            ScriptErrorKind::Load
        );
        let missing = try_script(Path::new("/no/such.lua"));
        assert_eq!(missing.unwrap_err().kind(), ScriptErrorKind::Read);
    }
}
