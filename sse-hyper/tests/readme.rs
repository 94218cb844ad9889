//! Every right-hand side of the README's tables, compiled, and every left-hand side of the last one.

use std::error::Error;
use std::time::Duration;

use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use sse_hyper::{
    BoxStream, Event, EventStream, EventType, KeepAlive, OnError, Sse, accepts_event_stream,
    last_event_id, no_content, response,
};
use tokio_stream::once;

#[path = "../../sse-core/tests/shared/readme_rows.rs"]
mod readme_rows;

#[path = "readme/before.rs"]
mod before;

const TICK: EventType = EventType::from_static("tick");

#[test]
fn every_row_of_the_readme_compiles() {
    readme_rows::check(include_str!("../README.md"), include_str!("readme.rs"));
    readme_rows::check_left(
        include_str!("../README.md"),
        include_str!("readme/before.rs"),
    );
}

type Body = EventStream<BoxStream<Result<Event, std::io::Error>>>;

#[tokio::test]
async fn what_the_readme_proposes_runs() {
    let request = Request::builder().header("accept", "text/html").body(());
    assert_eq!(answer(request.unwrap()).await.unwrap().status(), 406);
    let response = answer(Request::new(())).await.unwrap();
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "data: a\n\n");
    rows("a", "tock").unwrap();
    before::rows("a", "tock", Request::new(()).headers());
    assert_eq!(stop().status(), 204);
}

async fn answer(request: Request<()>) -> Result<Response<Body>, std::io::Error> {
    let stream = once(Ok::<_, std::io::Error>(Event::new("a")));
    let sse = Sse::new(stream)
        .keep_alive(KeepAlive::every_secs::<5>().comment("still here"))
        .on_error(OnError::event(|error| Event::new(error.to_string())))
        .on_end(|end| println!("{:?}, {} events", end.reason, end.events))
        .for_method(request.method())
        .await_first(Duration::from_secs(2))
        .await?
        .boxed();
    let mut response = sse.into_response();
    if !accepts_event_stream(request.headers()) {
        *response.status_mut() = http::StatusCode::NOT_ACCEPTABLE;
    }
    Ok(response)
}

fn stop() -> Response<Empty<&'static [u8]>> {
    no_content()
}

fn rows(text: &'static str, name: &'static str) -> Result<(), Box<dyn Error>> {
    let stream = once(Event::empty());
    let response = response(stream);
    let _ = response.map(BodyExt::boxed_unsync);
    let request = Request::new(());
    assert_eq!(last_event_id(&request).0, None);
    let event = Event::new(text).event(TICK);
    let _ = event.try_event(name)?;
    Ok(())
}
