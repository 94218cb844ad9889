use http::Request;
use sse_client::{EventSource, MemoryTransport};

use crate::scene::run;

#[tokio::test]
async fn debug_shows_neither_a_password_nor_a_query() {
    let request = Request::get("http://user:hunter2@one.example:81/path?token=s3cret").body(());
    let events = EventSource::with_transport(MemoryTransport::new(), request.unwrap());
    let debug = format!("{events:?}");
    assert!(debug.contains("http://one.example:81/path"), "{debug}");
    for secret in ["user", "hunter2", "token", "s3cret"] {
        assert!(!debug.contains(secret), "{debug}");
    }
}

#[tokio::test]
async fn a_user_in_the_address_becomes_a_header_that_is_marked_as_secret() {
    let attempt = |request: http::request::Builder| async {
        let transport = MemoryTransport::new();
        let request = request.body(()).unwrap();
        let mut events = EventSource::with_transport(transport.clone(), request);
        run(&mut events).await;
        transport.requests().remove(0)
    };
    let sent = attempt(Request::get("http://user:pass@one.example/?a=b")).await;
    assert_eq!(sent.uri, "http://one.example/?a=b");
    assert_eq!(sent.header("authorization"), Some("Basic dXNlcjpwYXNz"));
    assert!(sent.headers["authorization"].is_sensitive());
    // What the request says itself counts.
    let request = Request::get("http://user:pass@one.example/");
    let sent = attempt(request.header("authorization", "Bearer x")).await;
    assert_eq!(sent.uri, "http://one.example/");
    assert_eq!(sent.header("authorization"), Some("Bearer x"));
}
