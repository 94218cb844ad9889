use http::{HeaderValue, Request};
use sse_client::ErrorKind;
use sse_conformance::client::{Answer, Asked};

use crate::{asking, client, read, server};

fn targets(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| asked.target.as_str()).collect()
}

#[tokio::test]
async fn every_redirect_is_followed() {
    for status in [301, 302, 303, 307, 308] {
        let server = server([
            Answer::redirect(status, "/there?q=1"),
            Answer::events("data: x\n\n"),
        ]);
        assert_eq!(read(client(&server)).await.without_error(), ["message|x|"]);
        assert_eq!(
            targets(&server.asked())[..2],
            ["/", "/there?q=1"],
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_temporary_redirect_is_asked_for_again_on_a_reconnection() {
    for status in [302, 303, 307] {
        let server = server([
            Answer::redirect(status, "/there"),
            Answer::events("data: x\n\n"),
        ]);
        read(client(&server)).await.without_error();
        assert_eq!(targets(&server.asked()), ["/", "/there", "/"], "{status}");
    }
}

#[tokio::test]
async fn a_permanent_redirect_is_remembered_for_the_reconnection() {
    for status in [301, 308] {
        let server = server([
            Answer::redirect(status, "/there"),
            Answer::events("data: x\n\n"),
        ]);
        read(client(&server)).await.without_error();
        let asked = server.asked();
        assert_eq!(targets(&asked), ["/", "/there", "/there"], "{status}");
    }
}

#[tokio::test]
async fn a_permanent_redirect_behind_a_temporary_one_is_not_remembered() {
    let server = server([
        Answer::redirect(302, "/a"),
        Answer::redirect(301, "/b"),
        Answer::events("data: x\n\n"),
    ]);
    read(client(&server)).await.without_error();
    assert_eq!(targets(&server.asked()), ["/", "/a", "/b", "/"]);
}

#[tokio::test]
async fn a_location_may_be_relative_in_every_way() {
    for (location, target) in [
        ("c", "/a/c"),
        ("../c", "/c"),
        ("?d=1", "/a/b?d=1"),
        ("/c#part", "/c"),
    ] {
        let server = server([Answer::redirect(307, location), Answer::status(204)]);
        let request = Request::get(server.url("/a/b?q=1")).body(()).unwrap();
        read(asking(request)).await.without_error();
        assert_eq!(targets(&server.asked()), ["/a/b?q=1", target], "{location}");
    }
}

/// What a request carries that is somebody's secret, and what is not.
fn with_secrets(url: String) -> Request<()> {
    let mut own = HeaderValue::from_static("own-secret");
    own.set_sensitive(true);
    Request::get(url)
        .header("authorization", "Bearer secret")
        .header("cookie", "session=secret")
        .header("proxy-authorization", "Basic secret")
        .header("x-own", own)
        .header("x-public", "public")
        .body(())
        .unwrap()
}

const SECRETS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-own"];

#[tokio::test]
async fn another_origin_gets_the_last_event_id_and_no_credentials() {
    for status in [301, 302, 303, 307, 308] {
        let there = server([Answer::events("id: 8\ndata: x\n\n")]);
        let here = server([Answer::redirect(status, there.url("/there"))]);
        let events = asking(with_secrets(here.url("/"))).last_event_id(sse_core::EventId::from(7));
        assert_eq!(read(events).await.without_error(), ["message|x|8"]);
        let (here, there) = (here.asked(), there.asked());
        for name in SECRETS {
            assert!(here[0].text(name).contains("secret"), "{name}");
            // On every connection that follows, too.
            for asked in &there {
                assert_eq!(asked.header(name), None, "{status} {name}");
            }
        }
        assert_eq!(there[0].text("x-public"), "public");
        assert_eq!(there[0].last_event_id().as_deref(), Some("7"));
        assert_ne!(there[0].text("host"), here[0].text("host"));
    }
}

#[tokio::test]
async fn the_origin_itself_gets_its_credentials_again() {
    let server = server([
        Answer::redirect(307, "/there"),
        Answer::events("data: x\n\n"),
    ]);
    read(asking(with_secrets(server.url("/"))))
        .await
        .without_error();
    for asked in server.asked() {
        for name in SECRETS {
            assert!(asked.text(name).contains("secret"), "{name}");
        }
    }
}

#[tokio::test]
async fn credentials_that_were_dropped_do_not_come_back_with_the_way_back() {
    let there = server([]);
    let here = server([Answer::redirect(307, there.url("/there"))]);
    there.push(Answer::redirect(307, here.url("/back")));
    read(asking(with_secrets(here.url("/"))))
        .await
        .without_error();
    let asked = here.asked();
    assert_eq!(targets(&asked), ["/", "/back"]);
    assert_eq!(asked[1].header("authorization"), None);
}

#[tokio::test]
async fn twenty_redirects_are_followed_and_no_more() {
    let hops = |count: usize| (0..count).map(|hop| Answer::redirect(307, format!("/{hop}")));
    let at_most = server(hops(20).chain([Answer::events("data: x\n\n")]));
    assert_eq!(read(client(&at_most)).await.without_error(), ["message|x|"]);
    let beyond = server(hops(25));
    assert_eq!(
        read(client(&beyond)).await.error().kind(),
        ErrorKind::Redirect
    );
    assert_eq!(beyond.asked().len(), 21);
}

#[tokio::test]
async fn a_redirect_that_leads_nowhere_is_an_error() {
    for answer in [
        Answer::redirect(302, "http://[::1"),
        Answer::redirect(302, "ftp://127.0.0.1/"),
        Answer::redirect(302, "data:text/event-stream,data:%20x%0A%0A"),
    ] {
        let told = format!("{answer:?}");
        let server = server([answer]);
        let error = read(client(&server)).await.error();
        assert_eq!(error.kind(), ErrorKind::Redirect, "{told}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_redirect_that_no_client_follows_is_a_final_status() {
    for answer in [
        Answer::redirect(300, "/there"),
        Answer::redirect(304, "/there"),
        Answer::redirect(305, "/there"),
        Answer::status(302),
    ] {
        let told = format!("{answer:?}");
        let server = server([answer]);
        let error = read(client(&server)).await.error();
        assert_eq!(error.kind(), ErrorKind::Status, "{told}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_post_is_repeated_by_307_and_308_and_becomes_a_get_by_the_others() {
    for (status, method, body) in [
        (301, "GET", ""),
        (302, "GET", ""),
        (303, "GET", ""),
        (307, "POST", "question"),
        (308, "POST", "question"),
    ] {
        let server = server([Answer::redirect(status, "/there"), Answer::status(204)]);
        let request = Request::post(server.url("/"))
            .header("content-type", "text/plain")
            .body("question")
            .unwrap();
        read(asking(request)).await.without_error();
        let asked = &server.asked()[1];
        assert_eq!(asked.method, method, "{status}");
        assert_eq!(asked.body, body.as_bytes(), "{status}");
        let has_type = asked.header("content-type").is_some();
        assert_eq!(has_type, method == "POST", "{status}");
    }
}

#[tokio::test]
async fn a_put_stays_a_put_unless_303_says_otherwise() {
    for (status, method) in [(301, "PUT"), (302, "PUT"), (303, "GET"), (307, "PUT")] {
        let server = server([Answer::redirect(status, "/there"), Answer::status(204)]);
        let request = Request::put(server.url("/")).body("it").unwrap();
        read(asking(request)).await.without_error();
        assert_eq!(server.asked()[1].method, method, "{status}");
    }
}
