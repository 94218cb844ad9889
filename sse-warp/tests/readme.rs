//! Every right-hand side of the README's tables, compiled, and every left-hand side of the last one.

use std::error::Error;
use std::time::Duration;

use sse_warp::{
    Event, EventType, KeepAlive, NotAcceptable, OnError, Sse, accepts_event_stream, last_event_id,
    no_content, reply,
};
use tokio_stream::{Once, once};
use warp::Filter;
use warp::http::Method;
use warp::reply::{Reply, Response};

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

#[tokio::test]
async fn what_the_readme_proposes_runs() {
    rows("a\nb", 7, "tock", Duration::from_secs(1)).unwrap();
    assert_eq!(no_content().into_response().status(), 204);
    before::rows("a", 7, "tock", Duration::from_secs(1)).unwrap();
    let route = warp::method()
        .and(accepts_event_stream())
        .and(last_event_id())
        .then(async |method, _| configure(method).await.unwrap());
    let route = route.recover(NotAcceptable::recover);
    let request = warp::test::request().header("accept", "text/html");
    assert_eq!(request.reply(&route).await.status(), 406);
    assert_eq!(
        warp::test::request().reply(&route).await.body(),
        "data: a\n\n"
    );
}

async fn configure(method: Method) -> Result<Response, std::io::Error> {
    let hub = Hub(Event::new("a"));
    Ok(Sse::lazy(move || hub.subscribe())
        .for_method(&method)
        .keep_alive(KeepAlive::every_secs::<5>().comment("still here"))
        .on_error(OnError::event(|error| Event::new(error.to_string())))
        .on_end(|end| println!("{:?}, {} events", end.reason, end.events))
        .await_first(Duration::from_secs(2))
        .await?
        .boxed()
        .into_response())
}

struct Hub(Event);

impl Hub {
    fn subscribe(&self) -> Once<Result<Event, std::io::Error>> {
        once(Ok(self.0.clone()))
    }
}

fn rows(
    text: &'static str,
    number: u64,
    name: &'static str,
    configured: Duration,
) -> Result<(), Box<dyn Error>> {
    let value = [number];
    let stream = once(Event::empty());
    let _ = reply(stream).keep_alive(KeepAlive::every_secs::<5>());
    let _ = KeepAlive::every(configured)?;
    let _ = KeepAlive::default().comment("hi");

    let event = Event::new(text);
    let event = event.event(TICK);
    let event = event.try_event(name)?;
    assert!(event.clone().try_id(text).is_err());
    let event = Event::json(&value)?;
    let id = name;
    let event = event.try_id(id)?;
    let event = event.id(number);
    let event = event.retry(Duration::from_secs(3));
    let event = event.comment(text);
    assert_eq!(
        event.encode(),
        "id: 7\nretry: 3000\ndata: [7]\n: a\n: b\n\n"
    );
    Ok(())
}
