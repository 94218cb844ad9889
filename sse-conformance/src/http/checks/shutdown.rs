use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::checks;
use crate::http::check::{OPENING, Play, Trial};
use crate::http::client::{Connection, Protocol, Reply, Request};
use crate::http::suite::raise_open_files;
use crate::http::{Failure, KeepAlive, Leave, Route, Scene, Script, Shutdown};

checks! {
    open_streams_end_on_shutdown(Events);
    without_the_handle_shutdown_waits(Events);
    shutdown_can_tell_a_reconnection_time(Events);
}

/// The longest that a graceful shutdown may take, however many streams are open.
const LIMIT: Duration = Duration::from_secs(5);

/// How many streams share a connection of HTTP/2.
const STREAMS_PER_CONNECTION: usize = 100;

async fn open_streams_end_on_shutdown(trial: Trial) -> Result<(), Failure> {
    raise_open_files();
    let play = trial.start()?;
    let scene = play.scene(Script {
        keep_alive: KeepAlive::Off,
        ..Script::default()
    });
    let replies = open_many(&play, &scene, play.trial.scale.streams).await?;

    let (count, patience) = (replies.len(), play.patience());
    // Each client closes its connection after the last stream: actix does not close idle connections of
    // HTTP/2 before its `shutdown_timeout`, streams or not.
    let mut clients = JoinSet::new();
    for mut reply in replies {
        clients.spawn(async move { reply.expect_end("", patience).await });
    }
    let asked = Instant::now();
    play.server.stop();
    play.server.stopped(LIMIT).await?;
    let took = asked.elapsed();
    for end in clients.join_all().await {
        end?;
    }
    play.note(format!(
        "shutdown with {count} open streams took {took:.1?}"
    ));
    Ok(())
}

async fn without_the_handle_shutdown_waits(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let control = play.trial.scale.control;
    let script = Script {
        keep_alive: KeepAlive::Off,
        shutdown: Shutdown::Ignore,
        ..Script::default()
    };
    let scene = play.scene(script);
    let replies = open_many(&play, &scene, 10).await?;
    play.server.stop();
    if play.server.stopped(control).await.is_ok() {
        return Err(Failure::new(
            "the server cut streams that know of no shutdown",
        ));
    }
    if scene.seen().dropped > 0 {
        return Err(Failure::new(
            "the server dropped streams that know of no shutdown",
        ));
    }
    play.note(format!(
        "without the handle, the server still runs after {control:?}"
    ));
    for reply in replies {
        reply.leave(Leave::Close)?;
    }
    Ok(())
}

async fn shutdown_can_tell_a_reconnection_time(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let shutdown = Shutdown::FollowWithRetry(10_000..=90_000);
    let scene = play.scene(Script {
        shutdown,
        ..Script::default()
    });
    let replies = open_many(&play, &scene, 10).await?;
    play.server.stop();
    let mut times = Vec::new();
    for mut reply in replies {
        let (bytes, _) = reply.rest(play.patience()).await?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let time = text
            .strip_prefix("retry: ")
            .and_then(|text| text.strip_suffix("\n\n"));
        match time.and_then(|digits| digits.parse::<u64>().ok()) {
            Some(time @ 10_000..=90_000) => times.push(time),
            _ => return Err(Failure::new(format!("the last bytes are {text:?}"))),
        }
    }
    times.dedup();
    if times.len() > 1 {
        return Ok(());
    }
    Err(Failure::new(
        "every client was told the same reconnection time",
    ))
}

/// Opens many streams of one scene and waits for the opening comment of each.
async fn open_many(play: &Play, scene: &Scene, count: usize) -> Result<Vec<Reply>, Failure> {
    let request = Request::get(scene, Route::Events);
    let patience = play.patience();
    let mut opening = JoinSet::new();
    let mut shared = None;
    for number in 0..count {
        let connection = match play.trial.protocol {
            Protocol::Http1 => play.connect().await?,
            Protocol::Http2 => {
                if number % STREAMS_PER_CONNECTION == 0 {
                    shared = Some(play.connect().await?);
                }
                match &shared {
                    Some(Connection::Http2(connection)) => Connection::Http2(connection.clone()),
                    _ => play.connect().await?,
                }
            }
        };
        let request = request.clone();
        opening.spawn(async move {
            let mut reply = connection.send(&request, patience).await?;
            reply.expect_status(200)?;
            reply.expect(OPENING, patience).await?;
            Ok::<_, Failure>(reply)
        });
    }
    opening.join_all().await.into_iter().collect()
}
