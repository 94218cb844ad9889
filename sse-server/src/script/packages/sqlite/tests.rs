use mlua::{Function, Lua};

use super::register as register_sqlite;
use crate::script::packages::table::{check, run, written};
use crate::script::packages::{json, sleep};

fn register(lua: &Lua) -> mlua::Result<()> {
    register_sqlite(lua)?;
    json::register(lua)?;
    sleep::register(lua)
}

/// A chunk with a fresh database `db` that has a table `t`.
fn with(chunk: &str) -> String {
    format!(
        "local sqlite, json, sleep = require('sqlite'), require('json'), require('sleep')
        db = sqlite.open(':memory:')
        db:exec('CREATE TABLE t (id INTEGER PRIMARY KEY, x)')
        {chunk}"
    )
}

#[track_caller]
fn check_all(table: &[(&str, &str)]) {
    let table: Vec<_> = table
        .iter()
        .map(|(chunk, expected)| (with(chunk), *expected))
        .collect();
    let table: Vec<_> = table
        .iter()
        .map(|(chunk, expected)| (chunk.as_str(), *expected))
        .collect();
    check(register, &table);
}

#[test]
fn exec_keeps_to_its_table() {
    check_all(&[
        (
            "return db:exec('INSERT INTO t (x) VALUES (1), (2)')",
            "{last_insert_id=2,rows_affected=2}",
        ),
        (
            "db:exec('INSERT INTO t (x) VALUES (1)') return db:exec('DELETE FROM t').rows_affected",
            "1",
        ),
        // Only the first statement runs.
        (
            "db:exec('INSERT INTO t (x) VALUES (1); INSERT INTO t (x) VALUES (2)') return db:query('SELECT count(*) AS n FROM t')",
            "{{n=1}}",
        ),
        (
            "db:exec('INSERT INTO t (x) VALUES (1); nonsense') return db:query('SELECT count(*) AS n FROM t')",
            "{{n=1}}",
        ),
        ("return db:exec('SELECT 1')", "!query"),
        ("return db:exec('')", "!no statement"),
        ("return db:exec('nonsense')", "!syntax error"),
        (
            "return db:exec('INSERT INTO t (x) VALUES (?)')",
            "!parameter",
        ),
        (
            "return db:exec('INSERT INTO t (x) VALUES (?)', {1, 2})",
            "!parameter",
        ),
        ("return db:exec(5)", "!string expected, got number"),
        ("return db:exec()", "!string expected, got no value"),
        (
            "return db:exec('INSERT INTO t (x) VALUES (1)', 'x')",
            "!table",
        ),
        (
            "return db:exec(\"INSERT INTO t (id) VALUES ('x')\")",
            "!datatype mismatch",
        ),
    ]);
}

#[test]
fn query_keeps_to_its_table() {
    check_all(&[
        (
            "return db:query('SELECT 1 AS a, 2.5 AS b')",
            "{{a=1,b=2.5}}",
        ),
        ("return db:query('SELECT * FROM t')", "{}"),
        ("return json.encode(db:query('SELECT * FROM t'))", "'[]'"),
        ("return db:query('SELECT 1 AS a, 2 AS a')", "{{a=2}}"),
        (
            "return db:query('INSERT INTO t (x) VALUES (?) RETURNING id, x', {'y'})",
            "{{id=1,x='y'}}",
        ),
        ("return db:query('SELECT 1 AS a; SELECT 2 AS a')", "{{a=1}}"),
        ("return db:query('SELECT ? AS a', {})", "!parameter"),
        ("return db:query('SELECT nonsense')", "!no such column"),
        (
            "return db:query('SELECT zeroblob(100000000) AS b')",
            "!too big",
        ),
    ]);
}

#[test]
fn values_keep_their_kind() {
    check_all(&[
        (
            "return db:query('SELECT typeof(?) AS k', {'text'})",
            "{{k='text'}}",
        ),
        (
            "return db:query('SELECT typeof(?) AS k', {'\\255'})",
            "{{k='blob'}}",
        ),
        (
            "return db:query('SELECT ? AS v', {'\\0\\255'})",
            r"{{v='\x00\xff'}}",
        ),
        (
            "return db:query('SELECT typeof(?) AS k', {1})",
            "{{k='integer'}}",
        ),
        (
            "return db:query('SELECT typeof(?) AS k', {1.0})",
            "{{k='real'}}",
        ),
        (
            "return db:query('SELECT ? AS v', {math.mininteger})",
            "{{v=-9223372036854775808}}",
        ),
        (
            "return db:query('SELECT ? AS a, ? AS b', {true, false})",
            "{{a=1,b=0}}",
        ),
        (
            "return db:query('SELECT typeof(?) AS k', {db.null})",
            "{{k='null'}}",
        ),
        (
            "return db:query('SELECT typeof(?) AS k', {json.null})",
            "{{k='null'}}",
        ),
        (
            "return db:query('SELECT typeof(?) AS k', {sqlite.null})",
            "{{k='null'}}",
        ),
        ("return db:query('SELECT NULL AS v')", "{{v=null}}"),
        (
            "return db:query('SELECT NULL AS v')[1].v == json.null",
            "true",
        ),
        (
            "return db.null == json.null and sqlite.null == json.null",
            "true",
        ),
        (
            "return db:query('SELECT NULL AS v')[1].v and 'truthy'",
            "'truthy'",
        ),
        (
            "return db:query(\"SELECT x'00ff' AS v\")",
            r"{{v='\x00\xff'}}",
        ),
        // A nil ends the list.
        (
            "return db:query('SELECT ? AS a, ? AS b', {1, nil, 2})",
            "!parameter",
        ),
        ("return db:query('SELECT ? AS a', {1, nil, 2})", "{{a=1}}"),
        (
            "return db:query('SELECT ? AS a', {{}})",
            "!cannot hold a table",
        ),
        (
            "return db:query('SELECT ? AS a', {print})",
            "!cannot hold a function",
        ),
    ]);
}

#[test]
fn opening_keeps_to_its_table() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.db");
    let path = path.to_str().unwrap();
    let again = format!(
        "local sqlite = require('sqlite')
        local a, b = sqlite.open('{path}'), sqlite.open('{path}')
        a:exec('CREATE TABLE t (x)')
        a:exec('INSERT INTO t VALUES (1)')
        return b:query('SELECT x FROM t')"
    );
    check(
        register,
        &[
            (&again, "{{x=1}}"),
            (
                "return require('sqlite').open('/nowhere/at/all.db')",
                "!unable to open",
            ),
            (
                "return require('sqlite').open()",
                "!string expected, got no value",
            ),
        ],
    );
}

#[test]
fn transactions_keep_to_their_table() {
    let rows = "return db:query('SELECT x FROM t')";
    let insert = "tx:exec('INSERT INTO t (x) VALUES (1)')";
    let with_rows = |chunk: &str| format!("{chunk} {rows}");
    check_all(&[
        (
            &format!(
                "return table.concat({{db:transaction(function(tx) {insert} return 'a', 'b' end)}})"
            ),
            "'ab'",
        ),
        (
            &with_rows(&format!("db:transaction(function(tx) {insert} end)")),
            "{{x=1}}",
        ),
        (
            &with_rows(&format!(
                "db:transaction(function(tx) {insert} return nil end)"
            )),
            "{{x=1}}",
        ),
        (
            &format!(
                "return db:transaction(function(tx) {insert} return tx:query('SELECT x FROM t') end)"
            ),
            "{{x=1}}",
        ),
        (
            &with_rows(&format!(
                "assert(not pcall(db.transaction, db, function(tx) {insert} error('no') end))"
            )),
            "{}",
        ),
        (
            &format!("return db:transaction(function(tx) {insert} error('no') end)"),
            "!no",
        ),
        (
            &with_rows(&format!(
                "pcall(db.transaction, db, function(tx) {insert} tx:exec('nonsense') end)"
            )),
            "{}",
        ),
        (
            &with_rows(&format!(
                "db:transaction(function(tx) {insert} pcall(tx.exec, tx, 'nonsense') end)"
            )),
            "{{x=1}}",
        ),
        // It would wait for itself.
        (
            "db:transaction(function(tx) db:exec('DELETE FROM t') end)",
            "!in this transaction",
        ),
        (
            "db:transaction(function(tx) db:query('SELECT 1') end)",
            "!in this transaction",
        ),
        (
            "db:transaction(function(tx) db:transaction(function() end) end)",
            "!in this transaction",
        ),
        (
            "local other = sqlite.open(':memory:') return db:transaction(function(tx) return other:transaction(function(tx) return 'both' end) end)",
            "'both'",
        ),
        (
            "local other = sqlite.open(':memory:') db:transaction(function() other:transaction(function() db:exec('DELETE FROM t') end) end)",
            "!in this transaction",
        ),
        (
            "local kept db:transaction(function(tx) kept = tx end) kept:exec('DELETE FROM t')",
            "!the transaction has ended",
        ),
        (
            "local kept pcall(db.transaction, db, function(tx) kept = tx error('no') end) kept:query('SELECT 1')",
            "!the transaction has ended",
        ),
        // The old way goes on working.
        (
            &with_rows(
                "db:exec('begin') db:exec('INSERT INTO t (x) VALUES (1)') db:exec('rollback')",
            ),
            "{}",
        ),
        (
            "db:exec('begin') db:transaction(function() end)",
            "!within a transaction",
        ),
        (
            &with_rows(&format!(
                "pcall(db.transaction, db, function(tx) {insert} tx:exec('rollback') end)"
            )),
            "{}",
        ),
        ("db:transaction(5)", "!function"),
    ]);
}

#[tokio::test]
async fn thirty_writes_at_once_all_succeed() {
    let lua = Lua::new();
    register(&lua).unwrap();
    let work = with("return function(n) return db:exec('INSERT INTO t (x) VALUES (?)', {n}) end");
    let work: Function = lua.load(work).eval_async().await.unwrap();
    let calls = (0..30).map(|n| work.call_async::<mlua::Table>(n));
    futures_util::future::try_join_all(calls).await.unwrap();
    let count = lua.load("return db:query('SELECT count(DISTINCT x) AS n FROM t')[1].n");
    assert_eq!(count.eval_async::<i64>().await.unwrap(), 30);
}

/// Each reads, lets the others run, and writes what it read plus one.
#[tokio::test]
async fn nothing_comes_between_the_statements_of_a_transaction() {
    let lua = Lua::new();
    register(&lua).unwrap();
    let work = with(
        "db:exec('INSERT INTO t (x) VALUES (0)')
        return function()
            db:transaction(function(tx)
                local n = tx:query('SELECT x FROM t')[1].x
                sleep(1)
                tx:exec('UPDATE t SET x = ?', {n + 1})
            end)
            db:exec('UPDATE t SET x = x + 100')
        end",
    );
    let work: Function = lua.load(work).eval_async().await.unwrap();
    let calls = (0..10).map(|_| work.call_async::<()>(()));
    futures_util::future::try_join_all(calls).await.unwrap();
    let sum = lua.load("return db:query('SELECT x FROM t')[1].x");
    assert_eq!(sum.eval_async::<i64>().await.unwrap(), 1010);
}

#[tokio::test]
async fn an_abandoned_transaction_is_rolled_back() {
    let lua = Lua::new();
    register(&lua).unwrap();
    lua.load(with("")).exec_async().await.unwrap();
    let (inside, comes) = tokio::sync::oneshot::channel();
    let inside = std::cell::Cell::new(Some(inside));
    let tell = lua
        .create_function(move |_, ()| {
            let inside = inside.take().expect("called once");
            inside
                .send(())
                .map_err(|()| mlua::Error::runtime("nobody listens"))
        })
        .unwrap();
    lua.globals().set("tell", tell).unwrap();
    let chunk = "db:transaction(function(tx)
        tx:exec('INSERT INTO t (x) VALUES (1)')
        tell()
        require('sleep')(math.huge)
    end)";
    tokio::select! {
        _ = lua.load(chunk).exec_async() => unreachable!("it sleeps for ever"),
        inside = comes => inside.unwrap(),
    }
    let rows = lua.load("return db:query('SELECT x FROM t')");
    let rows = rows.eval_async::<mlua::Value>().await.unwrap();
    assert_eq!(written(&rows), "{}");
}

#[test]
fn several_connections_to_one_file_wait_for_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.db");
    let lua = Lua::new();
    register(&lua).unwrap();
    lua.globals().set("path", path.to_str().unwrap()).unwrap();
    let chunk = "
        local sqlite = require('sqlite')
        local a, b = sqlite.open(path), sqlite.open(path)
        a:exec('CREATE TABLE t (x)')
        for n = 1, 20 do
            (n % 2 == 0 and a or b):transaction(function(tx) tx:exec('INSERT INTO t VALUES (?)', {n}) end)
        end
        return a:query('SELECT count(*) AS n FROM t')";
    assert_eq!(run(&lua, chunk), "{{n=20}}");
}

#[test]
fn what_would_take_too_much_memory_raises() {
    check_all(&[
        ("db:query('SELECT zeroblob(1000000000)')", "!too big"),
        // Each value is short enough, and the row is not.
        (
            "local z = 'zeroblob(60000000)' db:query('SELECT ' .. z .. ', ' .. z)",
            "!larger than 64 MiB",
        ),
        (
            "local s, t = ('x'):rep(1 << 20), {} for i = 1, 100 do t[i] = s end db:exec('SELECT 1', t)",
            "!too large",
        ),
    ]);
}

#[test]
fn there_is_an_end_to_open_databases_and_those_let_go_of_are_closed() {
    check_all(&[
        (
            "local kept = {} for i = 1, 70 do kept[i] = sqlite.open(':memory:') end",
            "!more than 64 databases are open",
        ),
        (
            "for _ = 1, 200 do sqlite.open(':memory:') end return 'done'",
            "'done'",
        ),
    ]);
}
