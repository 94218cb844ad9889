use sse_core::Event;

use super::*;
use crate::script::HookErrorKind;

/// A megabyte once in Lua, and a gigabyte copied out of it.
const SHARED: &str = "local s = ('x'):rep(1 << 20)
    local function many(make)
        local list = {}
        for i = 1, 1000 do list[i] = make(i) end
        return list
    end\n";

async fn bench(text: &str) -> Bench {
    let text = format!("{SHARED}{text}");
    Bench::with(&text, |config| config.memory_limit(Some(64 << 20))).await
}

#[tokio::test]
async fn what_is_shared_in_lua_is_not_copied_without_end() {
    for body in [
        "pub.list = many(function() return s end) return pub",
        "pub.keys = many(function(i) return {[s] = i} end) return pub",
        "pub.msg.comment = many(function() return s end) return pub",
        "return pub, {topics = many(function() return s end)}",
        "return pub, {status = 200, headers = {a = many(function() return s end)}}",
        "require('sse').publish({data = 'd', comment = many(function() return s end)}) return pub",
    ] {
        let bench = bench(&format!("function publish(pub) {body} end")).await;
        let failed = bench.publish(Event::new("d")).await.unwrap_err();
        let kind = if body.contains("require") {
            HookErrorKind::Raised
        } else {
            HookErrorKind::Returned
        };
        assert_eq!(failed.kind(), kind, "{body}");
        assert_eq!(bench.script.health().generation, 1);
    }
}

#[tokio::test]
async fn so_it_is_for_who_subscribes_and_for_what_is_sent_first() {
    let bench = bench(
        "function subscribe(sub)
            if sub.req.id == 'big' then sub.list = many(function() return s end) end
            return sub
        end
        function catchup(sub, id)
            if id == 'few' then return {{data = s}} end
            return many(function() return {data = s} end)
        end
        function message(pub) pub.msg.comment = many(function() return s end) return pub end",
    )
    .await;
    let failed = bench.script.subscribe(request("big")).await.unwrap_err();
    assert_eq!(failed.kind(), HookErrorKind::Returned);
    let subscriber = bench.subscribe("small").await;
    assert_eq!(bench.catchup(&subscriber, Some("few")).await.len(), 1);
    assert_eq!(bench.catchup(&subscriber, None).await, []);
    let failed = bench.deliver(Event::new("d"), &subscriber).await;
    assert_eq!(failed.unwrap_err().kind(), HookErrorKind::Returned);
}

#[tokio::test]
async fn what_cannot_be_stored_beside_an_entry_is_refused() {
    let publish = "function publish(pub) pub.x = ('x'):rep(tonumber(pub.msg.data)) return pub end";
    let plain = Bench::new(publish).await;
    plain.accepted(Event::new("20000")).await;
    let stored = Bench::new(&format!("{publish} function message(pub) return pub end")).await;
    stored.accepted(Event::new("16000")).await;
    let failed = stored.publish(Event::new("20000")).await.unwrap_err();
    assert_eq!(failed.kind(), HookErrorKind::Returned);
}
