use std::time::Duration;

use super::checks;
use crate::http::check::{OPENING, Trial};
use crate::http::client::Ending;
use crate::http::{Failure, Item, KeepAlive, Script, Shape};

checks! {
    keep_alives_come_while_idle(Events);
    no_keep_alive_comes_when_off(Events);
    no_keep_alive_cuts_an_event(Events);
}

async fn keep_alives_come_while_idle(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let keep_alive = KeepAlive::Every(Duration::from_millis(30));
    let scene = play.scene(Script {
        keep_alive,
        ..Script::default()
    });
    let mut reply = play.open_idle(&scene).await?;
    for _ in 0..3 {
        reply.expect(":\n\n", play.patience()).await?;
    }
    if scene.seen().ends.is_empty() {
        return Ok(());
    }
    Err(Failure::new("the stream ended while idle"))
}

async fn no_keep_alive_comes_when_off(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = play.scene(Script {
        keep_alive: KeepAlive::Off,
        ..Script::default()
    });
    let mut reply = play.open_idle(&scene).await?;
    reply.expect_silence(play.window()).await?;
    scene.send(Item::new("still here"));
    reply.expect("data: still here\n\n", play.patience()).await
}

async fn no_keep_alive_cuts_an_event(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let keep_alive = KeepAlive::Every(Duration::from_millis(5));
    let scene = play.scene(Script {
        keep_alive,
        shape: Shape::Batch,
        ..Script::default()
    });
    let mut reply = play.open_idle(&scene).await?;
    let events: Vec<_> = (0..100)
        .map(|number| format!("{number}\n{}", "x".repeat(30_000)))
        .collect();
    for batch in events.chunks(10) {
        scene.send_batch(batch.iter().map(Item::new));
    }
    // While the client does not read, the server's buffers fill up and the interval passes many times.
    tokio::time::sleep(play.window()).await;
    scene.finish();

    let (body, ending) = reply.rest(play.patience()).await?;
    if ending != Ending::Proper {
        return Err(Failure::new(format!(
            "{ending:?} after {} bytes",
            body.len()
        )));
    }
    let body = String::from_utf8_lossy(&body);
    let mut rest = &*body;
    for event in &events {
        rest = without_keep_alives(rest);
        let wire = format!("data: {}\n\n", event.replace('\n', "\ndata: "));
        rest = rest.strip_prefix(&wire).ok_or_else(|| {
            let got: String = rest.chars().take(60).collect();
            Failure::new(format!("expected event {wire:.5}…, got {got:?}"))
        })?;
    }
    match without_keep_alives(rest) {
        "" => Ok(()),
        more => Err(Failure::new(format!("{} bytes too many", more.len()))),
    }
}

fn without_keep_alives(mut bytes: &str) -> &str {
    while let Some(rest) = bytes.strip_prefix(OPENING) {
        bytes = rest;
    }
    bytes
}
