use std::time::{Duration, Instant};

use sse_core::Event;

use super::*;
use crate::script::{Access, HookErrorKind};

const LIMIT: Duration = Duration::from_millis(50);

/// Bodies that never end; each runs in `publish` when the message says so.
const ENDLESS: [(&str, &str); 17] = [
    ("loop", "while true do end"),
    (
        "loop of pcalls",
        "while true do pcall(function() while true do end end) end",
    ),
    (
        "pcall of pcall",
        "local function f() while true do pcall(pcall, f) end end f()",
    ),
    (
        "loop of xpcalls",
        "while true do xpcall(function() while true do end end, function() while true do end end) end",
    ),
    (
        "handler that never ends",
        "xpcall(error, function() while true do end end)",
    ),
    (
        "handler that raises",
        "while true do xpcall(function() while true do end end, function(e) error(e) end) end",
    ),
    (
        "coroutine that never yields",
        "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
    ),
    (
        "wrapped coroutine",
        "while true do pcall(coroutine.wrap(function() while true do end end)) end",
    ),
    (
        "coroutines in coroutines",
        "local function f() while true do coroutine.resume(coroutine.create(f)) end end f()",
    ),
    (
        "coroutine that only yields",
        "local f = coroutine.wrap(function() while true do coroutine.yield() end end) while true do f() end",
    ),
    (
        "yields to the server",
        "while true do coroutine.yield() end",
    ),
    (
        "reader of load",
        "while true do load(function() while true do end end) end",
    ),
    (
        "closing",
        "while true do local c = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() while true do end end}) coroutine.yield() end) coroutine.resume(c) coroutine.close(c) end",
    ),
    (
        "metamethod",
        "local t = setmetatable({}, {__index = function() while true do end end}) while true do pcall(function() return t.x end) end",
    ),
    (
        "comparison",
        "while true do pcall(table.sort, {1, 2, 3}, function() while true do end end) end",
    ),
    (
        "what never fits into memory",
        "while true do pcall(string.rep, 'x', 1 << 40) end",
    ),
    ("tail calls", "local function f() return f() end f()"),
];

#[tokio::test]
async fn what_never_ends_is_ended_at_its_limit() {
    let mut text = String::from("local hostile = {}\n");
    for (name, body) in ENDLESS {
        let _ = writeln!(text, "hostile[{name:?}] = function() {body} end");
    }
    text +=
        "function publish(pub) local f = hostile[pub.msg.data] if f then f() end return pub end";
    let bench = Bench::with(&text, |config| config.time_limit(Some(LIMIT))).await;
    for (name, _) in ENDLESS {
        let began = Instant::now();
        let failed = bench.publish(Event::new(name)).await.unwrap_err();
        let took = began.elapsed();
        assert_eq!(failed.kind(), HookErrorKind::Time, "{name}");
        assert!(failed.is_unavailable());
        assert!(took < Duration::from_secs(2), "{name} took {took:?}");
        bench.publish(Event::new("d")).await.unwrap();
    }
    assert_eq!(bench.script.health().generation, 1);
}

#[tokio::test]
async fn waiting_is_not_counted() {
    let bench = Bench::with(
        "local sleep = require 'sleep'
        function publish(pub) for _ = 1, 20 do sleep(10) end return pub end",
        |config| config.time_limit(Some(LIMIT)),
    )
    .await;
    bench.publish(Event::new("d")).await.unwrap();
}

#[tokio::test]
async fn start_up_takes_as_long_as_it_takes() {
    let spin = "local till = os.clock() + 0.2 while os.clock() < till do end";
    let text = format!("{spin} function startup() {spin} end");
    let bench = Bench::with(&text, |config| config.time_limit(Some(LIMIT))).await;
    bench.script.startup(CliTable::new()).await.unwrap();
}

#[tokio::test]
async fn message_over_its_time_ends_the_batch() {
    let bench = Bench::with(
        "function message(pub) if pub.msg.data == '2' then while true do end end return pub end",
        |config| config.time_limit(Some(LIMIT)),
    )
    .await;
    let subscriber = bench.subscribe("s").await;
    let mut batch = Vec::new();
    for data in ["1", "2", "3"] {
        batch.push(bench.accepted(Event::new(data)).await);
    }
    let answers = bench.script.message(batch, &subscriber).await;
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[1].as_ref().unwrap_err().kind(), HookErrorKind::Time);
}

#[tokio::test]
async fn a_memory_bomb_ends_its_hook_and_the_state_is_rebuilt() {
    let bombs = [
        "local s = 'x' while true do s = s .. s end",
        "local t = {} while true do t[#t + 1] = {} end",
        "kept = kept or {} while true do pcall(function() while true do kept[#kept + 1] = ('x'):rep(1 << 20) end end) end",
        "local t = {} while true do xpcall(function() while true do t[#t + 1] = {} end end, function(e) return e end) end",
        "local t = {} local f = function() while true do t[#t + 1] = {} end end while true do coroutine.resume(coroutine.create(f)) end",
        "local t = {} local f = function() while true do t[#t + 1] = {} end end while true do pcall(coroutine.wrap(f)) end",
    ];
    for (index, bomb) in bombs.iter().enumerate() {
        let text = format!(
            "local sse, n = require 'sse', 0
            function startup(cli) sse.publish({{data = 'startup ' .. tostring(cli.reload)}}) end
            function subscribe(sub) n = n + 1 return sub end
            function unsubscribe(sub) n = n - 1 sse.publish({{data = 'left ' .. n}}) end
            function publish(pub) if pub.msg.data == 'bomb' then {bomb} end return pub end"
        );
        let limits = |config: ScriptConfig| config.memory_limit(Some(16 << 20));
        let bench = Bench::with(&text, limits).await;
        bench.script.startup(CliTable::new()).await.unwrap();
        let subscriber = bench.subscribe("s").await;
        let failed = bench.publish(Event::new("bomb")).await.unwrap_err();
        assert_eq!(failed.kind(), HookErrorKind::Memory, "{bomb}");
        until(|| bench.script.health().generation == 2).await;
        bench.publish(Event::new("d")).await.unwrap();
        drop(subscriber);
        let published = bench.until_published(3).await;
        assert_eq!(published, ["startup nil", "startup 1", "left 0"], "{index}");
        until(|| bench.script.health().memory < 4 << 20).await;
    }
}

#[tokio::test]
async fn words_are_not_taken_for_want_of_memory() {
    let bench = Bench::new(
        "function publish(pub)
            local function raise() error(pub.msg.data, 0) end
            local caught = {select(2, pcall(raise)),
                select(2, xpcall(raise, function(e) return e end)),
                select(2, coroutine.resume(coroutine.create(raise))),
                select(2, pcall(coroutine.wrap(raise)))}
            for i = 1, 4 do assert(caught[i] == pub.msg.data) end
            return pub
        end",
    )
    .await;
    bench.accepted(Event::new("not enough memory")).await;
    assert_eq!(bench.script.health().generation, 1);
}

#[tokio::test]
async fn a_finalizer_is_no_way_out() {
    let bench = Bench::new(
        "local function forever() while true do end end
        function publish(pub)
            if pub.msg.data == 'file' then getmetatable(io.stdout).__gc = forever end
            if pub.msg.data == 'table' then setmetatable({}, {__gc = forever}) end
            local late = {}
            setmetatable({}, late)
            late.__gc = forever
            collectgarbage()
            return pub
        end",
    )
    .await;
    for way in ["file", "table"] {
        let failed = bench.publish(Event::new(way)).await.unwrap_err();
        assert_eq!(failed.kind(), HookErrorKind::Raised, "{way}");
    }
    bench.accepted(Event::new("d")).await;
}

#[tokio::test]
async fn what_runs_while_an_ended_call_is_collected_is_seen() {
    let limits = |config: ScriptConfig| config.time_limit(Some(LIMIT)).access(Access::Unsafe);
    let bench = Bench::with(
        "local function late() local till = os.time() + 8 while os.time() < till do end end
        function publish(pub)
            local held = setmetatable({}, {__gc = late})
            while held do end
        end",
        limits,
    )
    .await;
    let failed = bench.publish(Event::new("d")).await.unwrap_err();
    assert_eq!(failed.kind(), HookErrorKind::Unavailable);
}

#[tokio::test]
async fn a_call_that_is_stuck_in_c_is_noticed_and_what_needs_lua_is_refused() {
    // One call of twelve to thirty seconds, and no instruction of Lua meanwhile: each letter more doubles the time.
    // It is the processor's, which passes faster than others' while other tests run.
    let bench = Bench::started(
        "local function find(n) return ('a'):rep(n):find(('a?'):rep(n) .. 'b') end
        local function took(n) local began = os.clock() find(n) return os.clock() - began end
        local n = 10
        while took(n) < 0.1 do n = n + 1 end
        function publish(pub) if pub.msg.data == 'stuck' then find(n + 7) end return pub end
        function subscribe(sub) return sub end
        function catchup(sub) return {} end
        function timeout(sub) return 1 end",
    )
    .await;
    let subscriber = bench.subscribe("s").await;
    let began = Instant::now();
    let failed = bench.publish(Event::new("stuck")).await.unwrap_err();
    assert_eq!(failed.kind(), HookErrorKind::Unavailable);
    assert!(began.elapsed() >= Duration::from_secs(5));
    assert_eq!(
        bench.script.health().stuck,
        Some(crate::script::Hook::Publish)
    );
    let began = Instant::now();
    let failed = bench.script.subscribe(request("s2")).await.unwrap_err();
    assert_eq!(failed.kind(), HookErrorKind::Unavailable);
    let failed = bench.script.catchup(&subscriber, None).await.unwrap_err();
    assert_eq!(failed.kind(), HookErrorKind::Unavailable);
    assert_eq!(bench.script.timeout(&subscriber, 1).await, None);
    bench.script.shutdown("signal").await;
    assert!(began.elapsed() < Duration::from_secs(1));
    // Without the hooks `message` and `unsubscribe`, nothing of this waits for Lua.
    let publication = Publication::new(request("p"), Event::new("d").into());
    let answers = bench.script.message(vec![publication], &subscriber).await;
    assert!(answers[0].is_ok());
}
