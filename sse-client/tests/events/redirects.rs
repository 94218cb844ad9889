use http::{HeaderValue, Method, Request, StatusCode};
use sse_client::{
    ErrorKind, EventSource, MemoryTransport, RecordedRequest, Redirects, Reply, RequestBody,
};

use crate::scene::{URL, request, run, source};

fn redirect(status: u16, location: &str) -> Reply {
    Reply::redirect(status.try_into().unwrap(), location)
}

fn uris(transport: &MemoryTransport) -> Vec<String> {
    let requests = transport.requests();
    requests.iter().map(|it| it.uri.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn permanent_redirects_are_remembered_and_others_are_not() {
    let next = "http://one.example/next";
    for (status, second) in [(301, next), (308, next), (302, URL), (303, URL), (307, URL)] {
        let transport = MemoryTransport::new()
            .reply(redirect(status, "/next"))
            .reply(Reply::events().chunk("data: x\n\n"));
        let outcome = run(&mut source(&transport)).await;
        assert_eq!(outcome.data, ["x"]);
        assert_eq!(uris(&transport), [URL, next, second], "{status}");
    }
    // After a temporary one, none is permanent.
    let transport = MemoryTransport::new()
        .reply(redirect(308, "/a"))
        .reply(redirect(302, "/b"))
        .reply(redirect(301, "/c"))
        .reply(Reply::events());
    run(&mut source(&transport)).await;
    let a = "http://one.example/a".to_owned();
    assert_eq!(uris(&transport)[4], a);
}

#[tokio::test(start_paused = true)]
async fn a_permanent_redirect_is_remembered_once_its_target_has_answered_with_events() {
    let failures = [
        vec![Reply::refused("refused")],
        vec![Reply::status(StatusCode::SERVICE_UNAVAILABLE)],
        vec![redirect(302, "/later"), Reply::refused("refused")],
    ];
    for replies in failures {
        let first = MemoryTransport::new().reply(redirect(301, "/gone"));
        let transport = replies.into_iter().fold(first, MemoryTransport::reply);
        run(&mut source(&transport)).await;
        assert_eq!(uris(&transport).last().unwrap(), URL);
    }
}

#[tokio::test(start_paused = true)]
async fn locations_are_relative_to_the_address_before() {
    let cases = [
        ("?b=1", "http://one.example/events?b=1"),
        ("../x/./y#z", "http://one.example/x/y"),
        ("//two.example:8080", "http://two.example:8080/"),
        ("https://two.example/ü", "https://two.example/%C3%BC"),
        ("http://u:p@two.example/", "http://two.example/"),
    ];
    for (location, uri) in cases {
        let location = HeaderValue::from_bytes(location.as_bytes()).unwrap();
        let reply = Reply::status(StatusCode::FOUND).header(http::header::LOCATION, location);
        let transport = MemoryTransport::new().reply(reply);
        run(&mut source(&transport)).await;
        assert_eq!(uris(&transport)[1], uri);
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_that_leads_nowhere_is_final() {
    let attempt = |reply| async {
        let transport = MemoryTransport::new().reply(reply);
        let outcome = run(&mut source(&transport)).await;
        assert_eq!(transport.requests().len(), 1);
        outcome.error
    };
    for location in ["ftp://one.example/", "data:text/event-stream,", "http://"] {
        let error = attempt(redirect(302, location)).await;
        assert_eq!(error, Some(ErrorKind::Redirect), "{location}");
    }
    let without = Reply::status(StatusCode::FOUND);
    assert_eq!(attempt(without).await, Some(ErrorKind::Status));
}

#[tokio::test(start_paused = true)]
async fn twenty_redirects_are_followed_and_no_more() {
    let mut transport = MemoryTransport::new();
    for _ in 0..20 {
        transport = transport.reply(redirect(302, "/next"));
    }
    let outcome = run(&mut source(&transport)).await;
    assert_eq!((outcome.error, transport.requests().len()), (None, 21));

    let transport = MemoryTransport::answering(|_| redirect(301, "/next"));
    let outcome = run(&mut source(&transport)).await;
    assert_eq!(outcome.error, Some(ErrorKind::Redirect));
    assert_eq!(outcome.after.as_secs(), 0);
}

#[tokio::test(start_paused = true)]
async fn which_redirects_are_followed_can_be_set() {
    let attempt = |redirects, locations: &[&str]| {
        let replies = locations.iter().map(|location| redirect(302, location));
        let transport = replies.fold(MemoryTransport::new(), MemoryTransport::reply);
        let mut events = source(&transport).redirects(redirects);
        async move {
            let error = events.next().await.map(Result::unwrap_err);
            let seen = error.map(|error| {
                let location = error.headers().unwrap()["location"].clone();
                (error.kind(), error.status().unwrap().as_u16(), location)
            });
            (seen, transport.requests().len())
        }
    };
    let refused = |kind, location| Some((kind, 302, HeaderValue::from_static(location)));
    let none = attempt(Redirects::none(), &["/next"]).await;
    assert_eq!(none, (refused(ErrorKind::Status, "/next"), 1));
    let same_origin = Redirects::same_origin();
    let same = attempt(same_origin, &["/a", "//one.example:80/b"]).await;
    assert_eq!(same, (None, 3));
    for other in [
        "//two.example/",
        "http://one.example:81/",
        "https://one.example/",
    ] {
        let same = attempt(same_origin, &["/a", other]).await;
        assert_eq!(same, (refused(ErrorKind::Redirect, other), 2));
    }
    let all = attempt(Redirects::all().most(2), &["//two.example/", "/a"]).await;
    assert_eq!(all, (None, 3));
    let all = attempt(Redirects::all().most(2), &["/a", "/b", "/c"]).await;
    assert_eq!(all, (refused(ErrorKind::Redirect, "/c"), 3));
}

/// The second of two requests, and the third, which comes after the response to the second has ended.
async fn followed(status: u16, location: &str) -> [RecordedRequest; 2] {
    let transport = MemoryTransport::new()
        .reply(redirect(status, location))
        .reply(Reply::events());
    let mut secret = HeaderValue::from_static("secret");
    secret.set_sensitive(true);
    let request = Request::get(URL)
        .header("authorization", "Bearer secret")
        .header("proxy-authorization", "secret")
        .header("cookie", "secret=1")
        .header("host", "one.example")
        .header("x-api-key", secret)
        .header("x-other", "open")
        .body(());
    let events = EventSource::with_transport(transport.clone(), request.unwrap());
    run(&mut events.last_event_id(7)).await;
    let mut requests = transport.requests().into_iter().skip(1);
    [requests.next().unwrap(), requests.next().unwrap()]
}

#[tokio::test(start_paused = true)]
async fn credentials_stay_with_their_origin() {
    const SECRETS: [&str; 5] = [
        "authorization",
        "proxy-authorization",
        "cookie",
        "x-api-key",
        "host",
    ];
    let elsewhere = [
        "http://two.example/",
        "https://one.example/events",
        "http://one.example:81/events",
        "//two.example/",
    ];
    for status in [301, 302, 303, 307, 308] {
        for location in elsewhere {
            let [second, third] = followed(status, location).await;
            assert!(SECRETS.iter().all(|&name| second.header(name).is_none()));
            // One that is remembered is asked without them, and the first address with.
            let remembered = matches!(status, 301 | 308);
            assert!(
                SECRETS
                    .iter()
                    .all(|&name| third.header(name).is_none() == remembered)
            );
            assert_eq!(second.header("last-event-id"), Some("7"));
            assert_eq!(second.header("x-other"), Some("open"));
            assert_eq!(second.header("accept"), Some("text/event-stream"));
        }
        let [second, third] = followed(status, "http://one.example:80/next").await;
        for request in [second, third] {
            assert!(SECRETS.iter().all(|&name| request.header(name).is_some()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn methods_and_bodies_change_as_in_a_browser() {
    let cases = [
        (301, Method::POST, Method::GET),
        (302, Method::POST, Method::GET),
        (303, Method::POST, Method::GET),
        (307, Method::POST, Method::POST),
        (308, Method::POST, Method::POST),
        (301, Method::PUT, Method::PUT),
        (302, Method::PUT, Method::PUT),
        (303, Method::PUT, Method::GET),
        (303, Method::HEAD, Method::HEAD),
        (303, Method::GET, Method::GET),
    ];
    for (status, before, after) in cases {
        let transport = MemoryTransport::new().reply(redirect(status, "/next"));
        let request = Request::builder()
            .method(before.clone())
            .uri(URL)
            .header("content-type", "application/json")
            .body("{}");
        run(&mut EventSource::with_transport(
            transport.clone(),
            request.unwrap(),
        ))
        .await;
        let second = &transport.requests()[1];
        assert_eq!(second.method, after, "{status}");
        let kept = before == after;
        let body = if kept { "{}" } else { "" };
        assert_eq!(second.body.as_deref(), Some(body.as_bytes()), "{status}");
        assert_eq!(second.header("content-type").is_some(), kept, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_was_a_stream_follows_no_redirect_that_needs_it() {
    for (status, error) in [(307, Some(ErrorKind::Body)), (303, None)] {
        let transport = MemoryTransport::new().reply(redirect(status, "/next"));
        let chunks = tokio_stream::iter([Ok::<_, std::io::Error>("a")]);
        let mut events = request(&transport, Method::POST, RequestBody::stream(chunks));
        assert_eq!(run(&mut events).await.error, error);
    }
}
