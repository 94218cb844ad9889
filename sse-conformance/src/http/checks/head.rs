use super::checks;
use super::headers::exactly_ours;
use crate::http::check::{Play, Trial};
use crate::http::client::{Ending, Request};
use crate::http::{Failure, Item, Opening, Route, Scene, Script};

checks! {
    head_answers_the_same_headers(Events);
    head_never_polls_the_stream(Events);
    head_has_no_body(Events, NoContent);
    head_has_the_status_of_an_awaited_error(Events);
}

async fn head_answers_the_same_headers(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = play.scene(Script::default());
    let reply = play.send(&Request::head(&scene, Route::Events)).await?;
    reply.expect_status(200)?;
    exactly_ours(&reply, &play)
}

async fn head_never_polls_the_stream(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    for scene in [pending(&play), ready(&play)] {
        let mut reply = play.send(&Request::head(&scene, Route::Events)).await?;
        reply.expect_status(200)?;
        reply.expect_end("", play.patience()).await?;
        // A stream that was built must go; one that was not cannot be polled.
        let gone = |seen: &crate::http::Seen| seen.dropped == seen.opened;
        let seen = scene
            .until("the stream is dropped", play.patience(), gone)
            .await?;
        if seen.polls > 0 {
            return Err(Failure::new(format!(
                "the stream was polled {} times",
                seen.polls
            )));
        }
    }
    Ok(())
}

async fn head_has_no_body(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = ready(&play);
    let mut reply = play.send(&Request::head(&scene, Route::Events)).await?;
    match reply.rest(play.patience()).await? {
        (bytes, Ending::Proper) if bytes.is_empty() => {}
        (bytes, ending) => {
            return Err(Failure::new(format!(
                "{} bytes of body, {ending:?}",
                bytes.len()
            )));
        }
    }
    // On HTTP/1.1, bytes of a body would be taken for the head of this answer.
    let next = Request::new("GET", Route::NoContent.path());
    let reply = reply.into_connection().send(&next, play.patience()).await?;
    reply.expect_status(204)
}

/// What is awaited before the head decides over it, whatever the method.
async fn head_has_the_status_of_an_awaited_error(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    for (status, error) in [(503, Some("not today")), (200, None)] {
        let scene = play.scene(Script {
            opening: Opening::AwaitFirst,
            ..Script::default()
        });
        match error {
            Some(error) => scene.fail(error),
            None => scene.send(Item::new("never sent")),
        }
        let mut reply = play.send(&Request::head(&scene, Route::Events)).await?;
        reply.expect_status(status)?;
        reply.expect_end("", play.patience()).await?;
        let gone = |seen: &crate::http::Seen| (seen.opened, seen.dropped) == (1, 1);
        scene
            .until("the stream is dropped", play.patience(), gone)
            .await?;
    }
    Ok(())
}

fn pending(play: &Play) -> Scene {
    play.scene(Script::default())
}

fn ready(play: &Play) -> Scene {
    let scene = play.scene(Script::default());
    scene.send(Item::new("never sent"));
    scene
}
