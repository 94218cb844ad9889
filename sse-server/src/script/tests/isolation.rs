use sse_core::Event;

use super::*;

#[tokio::test]
async fn what_hooks_keep_reaches_later_ones() {
    let bench = Bench::new(
        "function publish(pub) pub.id = 'kept' pub.list = {1, 2, x = {3}} pub[1] = 'array' return pub end
        function subscribe(sub) sub.name = sub.req.headers['x-name'] sub[1] = 'first' return setmetatable(sub, {__index = {hidden = 1}}) end
        function message(pub, sub)
            pub.msg.data = table.concat({pub.id, pub[1], #pub.list, pub.list.x[1], sub.name, sub[1], tostring(sub.hidden),
                sub.req.query, pub.req.path, sub.req.addr.port, sub.req.remote, sub.req.id, pub.msg.data}, ' ')
            return pub
        end",
    )
    .await;
    let subscriber = bench.subscribe("s").await;
    let delivered = bench.deliver(Event::new("d"), &subscriber).await.unwrap();
    let expected = "data: kept array 2 3 ann first nil a=1 /sse 4711 192.0.2.1 s d\n\n";
    assert_eq!(delivered.as_deref(), Some(expected));
}

#[tokio::test]
async fn changes_in_message_reach_nobody_else() {
    let bench = Bench::new(
        "function publish(pub) pub.deep = {n = 0} return pub end
        function subscribe(sub) sub.n = 0 sub.deep = {n = 0} return sub end
        function message(pub, sub)
            sub.n = sub.n + 1
            sub.deep.n = sub.deep.n + 1
            pub.deep.n = pub.deep.n + 1
            pub.msg.data = pub.msg.data .. sub.n .. sub.deep.n .. pub.deep.n
            pub.req.path = 'changed' .. pub.req.path
            sub.req.headers.new = 'x'
            pub.msg.event = pub.req.path .. tostring(sub.req.headers.newer)
            sub.req.headers.newer = 'x'
            return pub
        end",
    )
    .await;
    let (one, other) = (bench.subscribe("1").await, bench.subscribe("2").await);
    let publication = bench.accepted(Event::new("d")).await;
    for subscriber in [&one, &other, &one] {
        let batch = vec![publication.clone(), publication.clone()];
        for answer in bench.script.message(batch, subscriber).await {
            let found = wire(answer.unwrap().unwrap());
            assert_eq!(found, "event: changed/ssenil\ndata: d111\n\n");
        }
    }
    assert_eq!(wire(publication.message().clone()), "data: d\n\n");
}

#[tokio::test]
async fn changes_of_the_request_are_dropped() {
    let bench = Bench::new(
        "function publish(pub) pub.req.path = '/changed' pub.req.headers['x-name'] = 'bob' return pub end
        function subscribe(sub) sub.req.path = '/changed' sub.req = {own = 1} return sub end
        function message(pub, sub) pub.msg.data = pub.req.path .. pub.req.headers['x-name'] .. sub.req.path .. tostring(sub.req.own) return pub end",
    )
    .await;
    let subscriber = bench.subscribe("s").await;
    let delivered = bench.deliver(Event::new("d"), &subscriber).await.unwrap();
    assert_eq!(delivered.as_deref(), Some("data: /sseann/ssenil\n\n"));
}

#[tokio::test]
async fn a_reference_that_the_script_keeps_is_not_the_publication() {
    let bench = Bench::new(
        "function publish(pub) kept = pub return pub end
        function message(pub) kept.id = 'late' kept.msg.data = 'late' pub.msg.data = pub.msg.data .. tostring(pub.id) return pub end",
    )
    .await;
    let subscriber = bench.subscribe("s").await;
    let publication = bench.accepted(Event::new("d")).await;
    for _ in 0..2 {
        let answers = bench
            .script
            .message(vec![publication.clone()], &subscriber)
            .await;
        let found = answers.into_iter().next().unwrap().unwrap().unwrap();
        assert_eq!(wire(found), "data: dnil\n\n");
    }
}

#[tokio::test]
async fn what_is_stored_beside_an_entry_gives_message_the_same_tables() {
    let bench = Bench::new(
        "function publish(pub) pub.id = 5 pub.list = {'a', {b = require('json').null}} return pub end
        function message(pub) pub.msg.data = require('json').encode({pub.id, pub.list, pub.req.path, pub.req.query, pub.req.uri, pub.req.addr.port, next(pub.req.headers) or 'none'}) return pub end",
    )
    .await;
    let subscriber = bench.subscribe("s").await;
    let publication = bench.accepted(Event::new("d")).await;
    let stored = publication.to_attachment();
    let restored = Publication::from_attachment(&stored, publication.message().clone());
    let answers = bench
        .script
        .message(vec![publication, restored], &subscriber)
        .await;
    let found: Vec<_> = answers
        .into_iter()
        .map(|it| wire(it.unwrap().unwrap()))
        .collect();
    let expected = |header: &str| {
        format!(
            "data: [5,[\"a\",{{\"b\":null}}],\"/sse\",\"a=1\",\"/sse?a=1\",4711,\"{header}\"]\n\n"
        )
    };
    assert_eq!(found, [expected("x-name"), expected("none")]);
}

#[tokio::test]
async fn an_unchanged_message_shares_its_bytes() {
    let bench = Bench::new("function message(pub) return pub end").await;
    let subscriber = bench.subscribe("s").await;
    let publication = bench.accepted(Event::new("d".repeat(1000))).await;
    let answers = bench
        .script
        .message(vec![publication.clone()], &subscriber)
        .await;
    let message = answers.into_iter().next().unwrap().unwrap().unwrap();
    let (before, after) = (publication.message().data.clone(), message.data.clone());
    assert_eq!(before.unwrap().as_ptr(), after.unwrap().as_ptr());
    assert_eq!(*publication.message(), message);
}
