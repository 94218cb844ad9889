use super::checks;
use crate::http::check::{OPENING, Trial};
use crate::http::client::Request;
use crate::http::{Failure, Item, Opening, Route, Script};

checks! {
    the_head_and_a_comment_come_before_any_event(Events);
    an_event_that_is_ready_comes_first(Events);
    a_lazy_stream_is_built_at_the_first_poll(Events);
    an_error_before_the_first_event_becomes_a_status(Events);
    the_awaited_first_event_is_delivered_once(Events);
}

async fn the_head_and_a_comment_come_before_any_event(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = play.scene(Script::default());
    let mut reply = play.open_idle(&scene).await?;
    scene.send(Item::new("first"));
    reply.expect("data: first\n\n", play.patience()).await
}

async fn an_event_that_is_ready_comes_first(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = play.scene(Script::default());
    scene.send(Item::new("ready"));
    let mut reply = play.open(&scene).await?;
    reply.expect("data: ready\n\n", play.patience()).await?;
    reply.expect_silence(play.window()).await
}

async fn a_lazy_stream_is_built_at_the_first_poll(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = play.scene(Script {
        opening: Opening::Lazy,
        ..Script::default()
    });
    let reply = play.send(&Request::head(&scene, Route::Events)).await?;
    reply.expect_status(200)?;
    // The next answer on the same connection shows that the server is done with this one.
    let next = Request::new("GET", Route::NoContent.path());
    reply.into_connection().send(&next, play.patience()).await?;
    if scene.seen().opened > 0 {
        return Err(Failure::new(
            "the stream was built although nobody polled it",
        ));
    }
    scene.send(Item::new("lazy"));
    let mut reply = play.open(&scene).await?;
    reply.expect("data: lazy\n\n", play.patience()).await
}

async fn an_error_before_the_first_event_becomes_a_status(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = play.scene(Script {
        opening: Opening::AwaitFirst,
        ..Script::default()
    });
    scene.fail("not today");
    let reply = play.send(&Request::get(&scene, Route::Events)).await?;
    reply.expect_status(503)
}

async fn the_awaited_first_event_is_delivered_once(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = play.scene(Script {
        opening: Opening::AwaitFirst,
        ..Script::default()
    });
    scene.send(Item::new("one"));
    scene.send(Item::new("two"));
    let mut reply = play.open(&scene).await?;
    reply
        .expect("data: one\n\ndata: two\n\n", play.patience())
        .await?;
    scene.finish();
    match reply.expect_end("", play.patience()).await {
        Err(failure) => Err(failure.within(format!("after the events, no {OPENING:?}"))),
        Ok(()) => Ok(()),
    }
}
