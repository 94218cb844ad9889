use super::checks;
use crate::http::check::{OPENING, Trial};
use crate::http::client::Request;
use crate::http::{Failure, Item, Route, Script};

checks! {
    an_event_is_on_the_wire_before_the_next_exists(Events);
    an_event_is_on_the_wire_behind_compression(Compressed);
    an_event_is_on_the_wire_behind_forced_compression(Forced);
    compression_leaves_an_event_stream_alone(Compressed);
}

async fn an_event_is_on_the_wire_before_the_next_exists(trial: Trial) -> Result<(), Failure> {
    on_the_wire(trial, Route::Events, Encoding::Any).await
}

async fn an_event_is_on_the_wire_behind_compression(trial: Trial) -> Result<(), Failure> {
    on_the_wire(trial, Route::Compressed, Encoding::Any).await
}

async fn an_event_is_on_the_wire_behind_forced_compression(trial: Trial) -> Result<(), Failure> {
    on_the_wire(trial, Route::Forced, Encoding::Gzip).await
}

async fn compression_leaves_an_event_stream_alone(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = play.scene(Script::default());
    let request = Request::get(&scene, Route::Compressed).header("accept-encoding", "gzip");
    let reply = play.send(&request).await?;
    let encodings: Vec<_> = reply.headers.all("content-encoding").collect();
    match encodings[..] {
        [] | ["identity"] => Ok(()),
        _ => Err(Failure::new(format!("content-encoding is {encodings:?}"))),
    }
}

/// The content encoding without which a check would prove nothing.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Encoding {
    Any,
    Gzip,
}

/// Demands each event before the next one exists, from a client that takes gzip.
async fn on_the_wire(trial: Trial, route: Route, encoding: Encoding) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = play.scene(Script::default());
    let request = Request::get(&scene, route).header("accept-encoding", "gzip");
    let mut reply = play.send(&request).await?;
    reply.expect_status(200)?;
    let gzip = reply
        .headers
        .all("content-encoding")
        .any(|value| value == "gzip");
    if encoding == Encoding::Gzip && !gzip {
        return Err(Failure::new("the response is not compressed"));
    }
    reply.expect(OPENING, play.patience()).await?;
    for (number, size) in [1, 10, 2000, 3, 40_000, 5].into_iter().enumerate() {
        let data = format!("{number}{}", "-".repeat(size));
        scene.send(Item::new(&data));
        let arrived = reply
            .expect(format!("data: {data}\n\n"), play.patience())
            .await;
        arrived.map_err(|failure| failure.within(format!("event {number}, {size} bytes")))?;
    }
    scene.finish();
    reply.expect_end("", play.patience()).await
}
