use std::time::Duration;

use super::checks;
use crate::http::check::{Play, Trial};
use crate::http::client::Reply;
use crate::http::{Failure, Item, KeepAlive, Leave, Reason, Scene, Script, Shape};

checks! {
    on_end_tells_that_the_stream_finished(Events);
    on_end_tells_of_an_error(Events);
    on_end_tells_of_a_shutdown(Events);
    on_end_tells_that_the_client_closed(Events);
    on_end_tells_that_the_client_reset(Events);
    on_end_counts_the_events_of_a_batch(Events);
}

async fn on_end_tells_that_the_stream_finished(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let (scene, _reply) = two_events(&play).await?;
    scene.finish();
    ended_once(&play, &scene, (Reason::Finished, 2)).await
}

async fn on_end_tells_of_an_error(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let (scene, _reply) = two_events(&play).await?;
    scene.fail("boom");
    ended_once(&play, &scene, (Reason::Error, 2)).await
}

async fn on_end_tells_of_a_shutdown(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let (scene, _reply) = two_events(&play).await?;
    play.server.stop();
    ended_once(&play, &scene, (Reason::Shutdown, 2)).await
}

async fn on_end_tells_that_the_client_closed(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let (scene, reply) = two_events(&play).await?;
    reply.leave(Leave::Close)?;
    ended_once(&play, &scene, (Reason::ClientGone, 2)).await
}

async fn on_end_tells_that_the_client_reset(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let (scene, reply) = two_events(&play).await?;
    reply.leave(Leave::Reset)?;
    ended_once(&play, &scene, (Reason::ClientGone, 2)).await
}

async fn on_end_counts_the_events_of_a_batch(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = play.scene(Script {
        shape: Shape::Batch,
        ..Script::default()
    });
    let mut reply = play.open_idle(&scene).await?;
    scene.send_batch(["a", "b", "c"].map(Item::new));
    reply
        .expect("data: a\n\ndata: b\n\ndata: c\n\n", play.patience())
        .await?;
    scene.finish();
    ended_once(&play, &scene, (Reason::Finished, 3)).await
}

/// Opens a stream that has keep-alives, for servers that need them to notice anything, and two events.
async fn two_events(play: &Play) -> Result<(Scene, Reply), Failure> {
    let keep_alive = KeepAlive::Every(Duration::from_millis(100));
    let scene = play.scene(Script {
        keep_alive,
        ..Script::default()
    });
    scene.send(Item::new("one"));
    scene.send(Item::new("two"));
    let mut reply = play.open(&scene).await?;
    reply
        .expect("data: one\n\ndata: two\n\n", play.patience())
        .await?;
    Ok((scene, reply))
}

/// Demands one end, also after the stream and the whole server have gone.
async fn ended_once(play: &Play, scene: &Scene, end: (Reason, u64)) -> Result<(), Failure> {
    let ended = |seen: &crate::http::Seen| !seen.ends.is_empty() && seen.dropped == 1;
    scene
        .until(
            "the end is told and the stream dropped",
            play.patience(),
            ended,
        )
        .await?;
    play.server.tear_down();
    play.server.stopped(play.patience()).await?;
    let ends = scene.seen().ends;
    if ends == [end] {
        return Ok(());
    }
    Err(Failure::new(format!(
        "on_end was called with {ends:?} instead of once {end:?}"
    )))
}
