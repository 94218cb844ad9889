use super::checks;
use crate::http::check::{Play, Trial};
use crate::http::client::{Ending, Reply};
use crate::http::{Failure, Item, OnError, Script};

checks! {
    an_error_aborts_the_response(Events);
    what_came_before_an_error_is_delivered(Events);
    an_error_can_end_the_response(Events);
    an_error_can_become_an_event(Events);
}

async fn an_error_aborts_the_response(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let mut reply = failing(&play, OnError::Default).await?;
    match reply.rest(play.patience()).await? {
        (_, Ending::Broken(_)) => Ok(()),
        (_, Ending::Proper) => Err(Failure::new("the response ended properly")),
    }
}

async fn what_came_before_an_error_is_delivered(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = play.scene(Script::default());
    scene.send(Item::new("before"));
    scene.fail("boom");
    let mut reply = play.open(&scene).await?;
    reply.expect("data: before\n\n", play.patience()).await?;
    match reply.rest(play.patience()).await? {
        (_, Ending::Broken(_)) => Ok(()),
        (_, Ending::Proper) => Err(Failure::new("the response ended properly")),
    }
}

async fn an_error_can_end_the_response(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let mut reply = failing(&play, OnError::End).await?;
    reply.expect_end("", play.patience()).await
}

async fn an_error_can_become_an_event(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let mut reply = failing(&play, OnError::Event).await?;
    reply
        .expect_end("event: failure\ndata: boom\n\n", play.patience())
        .await
}

async fn failing(play: &Play, on_error: OnError) -> Result<Reply, Failure> {
    let scene = play.scene(Script {
        on_error,
        ..Script::default()
    });
    let mut reply = play.open_idle(&scene).await?;
    scene.send(Item::new("before"));
    reply.expect("data: before\n\n", play.patience()).await?;
    scene.fail("boom");
    Ok(reply)
}
