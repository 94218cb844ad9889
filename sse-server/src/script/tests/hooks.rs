use sse_core::{Event, EventType};

use super::*;
use crate::script::Hook;

/// A body of `publish`, and what becomes of a message with the data `d`.
async fn check(cases: &[(&str, &str)]) {
    for (body, expected) in cases {
        let bench = Bench::new(&format!("function publish(pub) {body} end")).await;
        let event = Event::new("d").try_id("1").unwrap().comment("c");
        let found = verdict(bench.publish(event).await);
        assert_eq!(&found, expected, "{body}");
    }
}

#[tokio::test]
async fn publish_accepts_refuses_answers_or_fails() {
    check(&[
        ("return pub", "id: 1\ndata: d\n: c\n\n"),
        ("return nil", "rejected"),
        ("return false", "rejected"),
        ("", "rejected"),
        ("return true", "Returned"),
        ("return 'text'", "Returned"),
        ("return 5", "Returned"),
        ("return {}", "Returned"),
        ("return {msg = pub.msg}", "Returned"),
        ("return {req = pub.req}", "Returned"),
        ("return {req = pub.req, msg = 'x'}", "Returned"),
        (
            "return {req = pub.req, msg = {data = 'other'}}",
            "data: other\n\n",
        ),
        ("error('no')", "Raised"),
        ("error({code = 5})", "Raised"),
        ("error()", "Raised"),
        ("local x = nil; return x.y", "Raised"),
        (
            "return pcall(error, 'x') and nil or pub",
            "id: 1\ndata: d\n: c\n\n",
        ),
    ])
    .await;
}

#[tokio::test]
async fn fields_are_coerced_dropped_or_refused() {
    check(&[
        ("pub.msg.data = 5 return pub", "id: 1\ndata: 5\n: c\n\n"),
        ("pub.msg.data = 1.5 return pub", "id: 1\ndata: 1.5\n: c\n\n"),
        ("pub.msg.data = 2.0 return pub", "id: 1\ndata: 2.0\n: c\n\n"),
        ("pub.msg.data = {} return pub", "id: 1\n: c\n\n"),
        ("pub.msg.data = true return pub", "id: 1\n: c\n\n"),
        ("pub.msg.data = nil return pub", "id: 1\n: c\n\n"),
        (
            "pub.msg.data = require('json').null return pub",
            "id: 1\n: c\n\n",
        ),
        ("pub.msg.data = '' return pub", "id: 1\ndata: \n: c\n\n"),
        ("pub.msg.data = print return pub", "Returned"),
        ("pub.msg.data = '\\xff' return pub", "Returned"),
        ("pub.msg.comment = 'text' return pub", "id: 1\ndata: d\n\n"),
        (
            "pub.msg.comment = {'a', 7} return pub",
            "id: 1\ndata: d\n: a\n: 7\n\n",
        ),
        (
            "pub.msg.comment = {'a', {}} return pub",
            "id: 1\ndata: d\n\n",
        ),
        ("pub.msg.comment = {} return pub", "id: 1\ndata: d\n\n"),
        ("pub.msg.id = 7 return pub", "id: 7\ndata: d\n: c\n\n"),
        (
            "pub.msg.event = 'e' return pub",
            "id: 1\nevent: e\ndata: d\n: c\n\n",
        ),
        (
            "pub.msg.retry = 7 return pub",
            "id: 1\nretry: 7\ndata: d\n: c\n\n",
        ),
        (
            "pub.msg.retry = '7' return pub",
            "id: 1\nretry: 7\ndata: d\n: c\n\n",
        ),
        (
            "pub.msg.retry = 7.9 return pub",
            "id: 1\nretry: 7\ndata: d\n: c\n\n",
        ),
        (
            "pub.msg.retry = -7 return pub",
            "id: 1\nretry: 0\ndata: d\n: c\n\n",
        ),
        (
            "pub.msg.retry = 'soon' return pub",
            "id: 1\ndata: d\n: c\n\n",
        ),
        ("pub.msg.other = 1 return pub", "id: 1\ndata: d\n: c\n\n"),
        ("pub.msg = {} return pub", ""),
    ])
    .await;
}

#[tokio::test]
async fn no_field_breaks_out_of_its_line() {
    for end in ["\\r", "\\n", "\\r\\n"] {
        let line = |set: &str| format!("{set} return pub").replace("END", end);
        check(&[
            (&line("pub.msg.id = 'aENDdata: x'"), "Returned"),
            (&line("pub.msg.event = 'aENDdata: x'"), "Returned"),
            (&line("pub.msg.comment = {'aENDdata: x'}"), "Returned"),
            (
                &line("pub.msg.data = 'aENDid: x'"),
                "id: 1\ndata: a\ndata: id: x\n: c\n\n",
            ),
        ])
        .await;
    }
    check(&[
        ("pub.msg.id = 'a\\0' return pub", "Returned"),
        (
            "pub.msg.data = 'a\\0' return pub",
            "id: 1\ndata: a\0\n: c\n\n",
        ),
        (
            "pub.msg.data = 'a\\u{2028}' return pub",
            "id: 1\ndata: a\u{2028}\n: c\n\n",
        ),
        (
            "pub.msg.event = 'a\\u{2028}' return pub",
            "id: 1\nevent: a\u{2028}\ndata: d\n: c\n\n",
        ),
    ])
    .await;
}

#[tokio::test]
async fn the_second_value_routes_or_answers() {
    check(&[
        ("return pub, nil", "id: 1\ndata: d\n: c\n\n"),
        ("return pub, 'ignored'", "id: 1\ndata: d\n: c\n\n"),
        ("return pub, {other = 1}", "id: 1\ndata: d\n: c\n\n"),
        (
            "return pub, {topics = {'a', 'b/c'}}",
            "id: 1\ndata: d\n: c\n\nRouting { topics: Some([\"a\", \"b/c\"]), ttl_ms: None, key: None }",
        ),
        (
            "return pub, {topics = 'a', ttl = 5, key = 'k'}",
            "id: 1\ndata: d\n: c\n\nRouting { topics: Some([\"a\"]), ttl_ms: Some(5), key: Some(\"k\") }",
        ),
        ("return pub, {topics = {{}}}", "Returned"),
        ("return pub, {topics = {''}}", "Returned"),
        ("return nil, {status = 401}", "Answer { status: 401, headers: [], body: b\"\" }"),
        (
            "return pub, {status = 429, headers = {['retry-after'] = 5}, body = 'slow'}",
            "Answer { status: 429, headers: [(\"retry-after\", \"5\")], body: b\"slow\" }",
        ),
        (
            "return nil, {status = '302', headers = {['set-cookie'] = {'a', 'b'}}}",
            "Answer { status: 302, headers: [(\"set-cookie\", \"a\"), (\"set-cookie\", \"b\")], body: b\"\" }",
        ),
        ("return nil, {status = 99}", "Returned"),
        ("return nil, {status = 'x'}", "Returned"),
        ("return nil, {status = 200, headers = {['content-length'] = 5}}", "Returned"),
        ("return nil, {status = 200, headers = {a = 'x\\r\\ny: z'}}", "Returned"),
        ("return nil, {status = 200, headers = {['a b'] = 'x'}}", "Returned"),
    ])
    .await;
}

#[tokio::test]
async fn subscribe_accepts_refuses_answers_or_fails() {
    for (body, expected) in [
        ("return sub", "accepted None"),
        ("return {}", "accepted None"),
        ("return nil", "rejected"),
        ("return false", "rejected"),
        ("return true", "Returned"),
        ("return 'text'", "Returned"),
        ("error('no')", "Raised"),
        ("error({})", "Raised"),
        (
            "return sub, {topics = {'a', 'b/*'}}",
            "accepted Some([\"a\", \"b/*\"])",
        ),
        ("return sub, {topics = {'a/**/b'}}", "Returned"),
        (
            "return nil, {status = 401}",
            "Answer { status: 401, headers: [], body: b\"\" }",
        ),
        ("sub.f = print return sub", "Returned"),
        ("sub.u = io.stdout return sub", "Returned"),
        ("sub.sub = sub return sub", "Returned"),
    ] {
        let bench = Bench::new(&format!("function subscribe(sub) {body} end")).await;
        let found = match bench.script.subscribe(request("s")).await {
            Ok(SubscribeVerdict::Accept { topics, .. }) => format!("accepted {topics:?}"),
            Ok(SubscribeVerdict::Reject) => "rejected".to_owned(),
            Ok(SubscribeVerdict::Answer(answer)) => format!("{answer:?}"),
            Err(error) => format!("{:?}", error.kind()),
        };
        assert_eq!(found, expected, "{body}");
    }
}

#[tokio::test]
async fn message_changes_skips_or_fails() {
    for (body, expected) in [
        ("return pub", "Ok(Some(\"id: 1\\ndata: d\\n\\n\"))"),
        (
            "pub.msg.data = sub.req.id .. pub.req.id return pub",
            "Ok(Some(\"id: 1\\ndata: sp\\n\\n\"))",
        ),
        ("return nil", "Ok(None)"),
        ("return false", "Ok(None)"),
        ("pub.msg = {} return pub", "Ok(None)"),
        (
            "return {msg = {data = 'new'}}",
            "Ok(Some(\"data: new\\n\\n\"))",
        ),
        ("return true", "Err(Returned)"),
        ("return {}", "Err(Returned)"),
        ("pub.msg.id = 'a\\nb' return pub", "Err(Returned)"),
        ("error('no')", "Err(Raised)"),
    ] {
        let bench = Bench::new(&format!("function message(pub, sub) {body} end")).await;
        let subscriber = bench.subscribe("s").await;
        let event = Event::new("d").try_id("1").unwrap();
        let found = bench.deliver(event, &subscriber).await;
        let found = found.map_err(|error| error.kind());
        assert_eq!(format!("{found:?}"), expected, "{body}");
    }
}

#[tokio::test]
async fn a_batch_is_answered_in_order_and_goes_on_after_an_error() {
    let bench = Bench::new(
        "function message(pub) if pub.msg.data == '2' then error('two') end return pub end",
    )
    .await;
    let subscriber = bench.subscribe("s").await;
    let mut batch = Vec::new();
    for data in ["1", "2", "3"] {
        batch.push(bench.accepted(Event::new(data)).await);
    }
    let answers = bench.script.message(batch, &subscriber).await;
    let answers: Vec<_> = answers
        .into_iter()
        .map(|it| it.ok().flatten().map(wire))
        .collect();
    assert_eq!(
        answers,
        [Some("data: 1\n\n".into()), None, Some("data: 3\n\n".into())]
    );
}

#[tokio::test]
async fn catchup_gives_a_list_or_nothing() {
    for (body, expected) in [
        (
            "return {{data = '1'}, {data = 2}}",
            "data: 1\n\ndata: 2\n\n",
        ),
        ("return {{data = tostring(id)}}", "data: 7\n\n"),
        ("return nil", ""),
        ("return {}", ""),
        ("return {{}, {data = 'x'}, {}}", "data: x\n\n"),
        ("return {{data = 'x'}, 'text'}", ""),
        ("return {data = 'x'}", ""),
        ("return 'text'", ""),
        ("error('no')", ""),
        ("return {{data = 'x'}, {id = 'a\\nb'}}", ""),
        ("return {{data = 'a\\rb'}}", "data: a\ndata: b\n\n"),
    ] {
        let bench = Bench::new(&format!("function catchup(sub, id) {body} end")).await;
        let subscriber = bench.subscribe("s").await;
        let messages = bench.catchup(&subscriber, Some("7")).await;
        let found: String = messages.into_iter().map(wire).collect();
        assert_eq!(found, expected, "{body}");
    }
    let bench = Bench::new("function catchup(sub, id) return {{data = type(id)}} end").await;
    let subscriber = bench.subscribe("s").await;
    let messages = bench.catchup(&subscriber, None).await;
    assert_eq!(
        messages.into_iter().map(wire).collect::<String>(),
        "data: nil\n\n"
    );
}

#[tokio::test]
async fn timeout_gives_milliseconds_or_nothing() {
    for (body, expected) in [
        ("return 5", Some(5)),
        ("return 5.9", Some(5)),
        ("return -5", Some(0)),
        ("return -0.5", Some(0)),
        ("return '700'", Some(700)),
        ("return elapsed", Some(1234)),
        ("return nil", None),
        ("return 'soon'", None),
        ("return {}", None),
        ("return true", None),
        ("error('no')", None),
    ] {
        let bench = Bench::new(&format!("function timeout(sub, elapsed) {body} end")).await;
        let subscriber = bench.subscribe("s").await;
        assert_eq!(
            bench.script.timeout(&subscriber, 1234).await,
            expected,
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_script_without_hooks_lets_everything_pass() {
    let bench = Bench::started("x = 1").await;
    for hook in Hook::ALL {
        assert!(!bench.script.defines(hook), "{hook}");
    }
    let subscriber = bench.subscribe("s").await;
    let event = Event::new("d").event(EventType::from_static("e"));
    let delivered = bench.deliver(event, &subscriber).await.unwrap();
    assert_eq!(delivered.as_deref(), Some("event: e\ndata: d\n\n"));
    assert_eq!(bench.catchup(&subscriber, None).await, []);
    assert_eq!(bench.script.timeout(&subscriber, 1).await, None);
}

#[tokio::test]
async fn hooks_are_captured_once() {
    let bench = Bench::new(
        "message = 'no function'
        function publish(pub)
            pub.msg.data = 'first'
            publish = function() return nil end
            return pub
        end",
    )
    .await;
    for _ in 0..2 {
        assert_eq!(
            verdict(bench.publish(Event::new("d")).await),
            "data: first\n\n"
        );
    }
    assert!(!bench.script.defines(Hook::Message));
}

#[tokio::test]
async fn startup_gets_the_options_and_tick_counts_from_one() {
    let text = "local sse = require 'sse'
        function startup(cli) sse.publish({data = cli.listen .. ' ' .. type(cli.timeout) .. ' ' .. type(cli.reload)}) end
        function tick(count)
            if count <= 3 then sse.publish({data = 'tick ' .. count}) end
            if count == 2 then error('two') end
        end";
    let tick = std::time::Duration::from_millis(1);
    let bench = Bench::with(text, |config| config.tick(tick)).await;
    let cli = CliTable::new()
        .set("listen", "127.0.0.1:1983")
        .set("timeout", None::<i64>);
    bench.script.startup(cli).await.unwrap();
    let published = bench.until_published(4).await;
    assert_eq!(
        published,
        ["127.0.0.1:1983 nil nil", "tick 1", "tick 2", "tick 3"]
    );
}

#[tokio::test]
async fn a_script_that_cannot_start_says_why() {
    let fail = async |text: &str| {
        let file = NamedTempFile::new().unwrap();
        fs::write(&file, text).unwrap();
        let host: Arc<dyn Host> = Arc::new(Log::default());
        match Script::start(ScriptConfig::new(file.path()), host).await {
            Ok(script) => script
                .startup(CliTable::new())
                .await
                .unwrap_err()
                .to_string(),
            Err(error) => error.to_string(),
        }
    };
    let found = fail("x = = 1").await;
    assert!(
        found.starts_with("the script cannot be loaded: "),
        "{found}"
    );
    assert!(found.contains(":1: unexpected symbol near '='"), "{found}");
    let found = fail("error('top level')").await;
    assert!(found.contains("top level"), "{found}");
    let found = fail("function startup() error('in startup') end").await;
    assert!(
        found.starts_with("the script's startup failed: "),
        "{found}"
    );
    assert!(found.contains("in startup"), "{found}");
    let host: Arc<dyn Host> = Arc::new(Log::default());
    let missing = Script::start(ScriptConfig::new("/no/such/file.lua"), host).await;
    let missing = missing.unwrap_err().to_string();
    assert!(
        missing.starts_with("the script cannot be read: /no/such/file.lua"),
        "{missing}"
    );
}

#[tokio::test]
async fn the_hook_error_is_told_what_failed() {
    let bench = Bench::started(
        "local sse = require 'sse'
        function error(hook, message, id)
            sse.publish({data = hook .. ' ' .. tostring(message:find('it broke') ~= nil) .. ' ' .. id})
        end
        function publish() error('it broke') end
        function message() return 7 end",
    )
    .await;
    let failed = bench.publish(Event::new("d")).await.unwrap_err();
    let told = bench.until_published(1).await;
    assert_eq!(told, [format!("publish true {}", failed.id())]);
    assert!(!failed.to_string().contains("broke"), "{failed}");
    let subscriber = bench.subscribe("s").await;
    let publication = Publication::new(request("p"), Event::new("d").into());
    let answers = bench.script.message(vec![publication], &subscriber).await;
    let id = answers[0].as_ref().unwrap_err().id().to_owned();
    assert_eq!(
        bench.until_published(2).await[1],
        format!("message false {id}")
    );
}

#[tokio::test]
async fn hooks_wait_without_holding_up_others() {
    let bench = Bench::started(
        "local sleep, sse = require 'sleep', require 'sse'
        function publish(pub)
            if pub.msg.data == 'slow' then
                -- It waits inside a coroutine of its own, inside a protected call.
                local ok, value = pcall(coroutine.wrap(function() sleep(100) return 'woken' end))
                sse.publish({data = tostring(value)})
            end
            return pub
        end",
    )
    .await;
    let slow = bench.publish(Event::new("slow"));
    let quick = async {
        for _ in 0..10 {
            bench.publish(Event::new("quick")).await.unwrap();
        }
        assert!(bench.published().is_empty());
    };
    let (slow, ()) = tokio::join!(slow, quick);
    slow.unwrap();
    assert_eq!(bench.published(), ["woken"]);
}
