use std::time::Duration;

use sse_core::Event;

use super::*;
use crate::script::HookErrorKind;

const LIMIT: Duration = Duration::from_millis(50);

/// What a hook holds when its time is over: each runs in `publish` when the message says so.
const HELD: [(&str, &str); 7] = [
    ("a lock", "lock(forever)"),
    (
        "a lock under pcall",
        "while true do pcall(lock, forever) end",
    ),
    (
        "a lock in a coroutine",
        "coroutine.wrap(function() lock(forever) end)()",
    ),
    (
        "a lock after a wait",
        "lock(function() sleep(1) forever() end)",
    ),
    (
        "a transaction",
        "db:transaction(function(tx) tx:exec('INSERT INTO t VALUES (1)') forever() end)",
    ),
    (
        "a transaction under pcall",
        "pcall(db.transaction, db, function(tx) tx:exec('INSERT INTO t VALUES (1)') forever() end)",
    ),
    (
        "a transaction in a coroutine",
        "coroutine.wrap(function() db:transaction(function(tx) tx:exec('INSERT INTO t VALUES (1)') forever() end) end)()",
    ),
];

#[tokio::test]
async fn what_an_ended_hook_held_is_free_again() {
    let mut text = String::from(
        "local sqlite, mutex, sleep = require 'sqlite', require 'mutex', require 'sleep'
        local lock, db = mutex(), sqlite.open(':memory:')
        db:exec('CREATE TABLE t (x)')
        local function forever() while true do end end
        local held = {}\n",
    );
    for (name, body) in HELD {
        writeln!(text, "held[{name:?}] = function() {body} end").unwrap();
    }
    text += "function publish(pub)
        local hold = held[pub.msg.data]
        if hold then hold() end
        pub.msg.data = lock(function() return 'free' end) .. #db:query('SELECT * FROM t')
        return pub
    end";
    let bench = Bench::with(&text, |config| config.time_limit(Some(LIMIT))).await;
    for (name, _) in HELD {
        let error = bench.publish(Event::new(name)).await.unwrap_err();
        assert_eq!(error.kind(), HookErrorKind::Time, "{name}");
        let free = bench.accepted(Event::new("free"));
        let free = tokio::time::timeout(Duration::from_secs(10), free).await;
        let free = free.unwrap_or_else(|_| panic!("{name} is still held"));
        assert_eq!(free.message().data.as_deref(), Some("free0"), "{name}");
    }
}
