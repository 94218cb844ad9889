use std::time::{Duration, Instant};

use super::checks;
use crate::http::check::{Play, Trial};
use crate::http::{Failure, KeepAlive, Leave, Notice, Scene, Script};

checks! {
    a_stream_is_dropped_when_the_client_closes(Events);
    a_stream_is_dropped_when_the_client_resets(Events);
}

async fn a_stream_is_dropped_when_the_client_closes(trial: Trial) -> Result<(), Failure> {
    leave(trial, Leave::Close).await
}

async fn a_stream_is_dropped_when_the_client_resets(trial: Trial) -> Result<(), Failure> {
    leave(trial, Leave::Reset).await
}

/// The longest that a server may take which needs no write to notice.
const LIMIT: Duration = Duration::from_secs(2);

/// Long enough for a client to leave between two keep-alives.
const INTERVAL: Duration = Duration::from_millis(150);

/// How often a client may be too slow to leave between two keep-alives, for each that was not.
const TRIES: usize = 10;

async fn leave(trial: Trial, leave: Leave) -> Result<(), Failure> {
    let play = trial.start()?;
    let notice = play.trial.subject.profile().notice;
    match notice(play.trial.protocol, leave) {
        Notice::AtOnce => without_a_write(&play, leave).await,
        Notice::WithinKeepAlives(most) => within_keep_alives(&play, leave, most).await,
    }
}

async fn without_a_write(play: &Play, leave: Leave) -> Result<(), Failure> {
    let mut times = Vec::new();
    for _ in 0..play.trial.scale.leavers {
        let scene = play.scene(Script {
            keep_alive: KeepAlive::Off,
            ..Script::default()
        });
        let reply = play.open_idle(&scene).await?;
        let frames = scene.seen().frames;
        if frames == 0 {
            return Err(uncounted());
        }
        let left = Instant::now();
        reply.leave(leave)?;
        let seen = dropped(&scene, LIMIT).await?;
        times.push(left.elapsed());
        if seen.frames > frames {
            return Err(Failure::new("the server has written to find out"));
        }
    }
    times.sort();
    if let (Some(median), Some(longest)) = (times.get(times.len() / 2), times.last()) {
        let clients = times.len();
        play.note(format!(
            "{leave:?}: {clients} streams dropped without a write, median {median:.1?}, longest {longest:.1?}"
        ));
    }
    Ok(())
}

async fn within_keep_alives(play: &Play, leave: Leave, most: usize) -> Result<(), Failure> {
    let mut counts = Vec::new();
    let rounds = play.trial.scale.leavers.min(5);
    for _ in 0..rounds * TRIES {
        if counts.len() == rounds {
            break;
        }
        let keep_alive = KeepAlive::Every(INTERVAL);
        let scene = play.scene(Script {
            keep_alive,
            ..Script::default()
        });
        let mut reply = play.open_idle(&scene).await?;
        reply.expect(":\n\n", play.patience()).await?;
        let (frames, left) = (scene.seen().frames, Instant::now());
        if frames < 2 {
            return Err(uncounted());
        }
        reply.leave(leave)?;
        if left.elapsed() > INTERVAL / 3 {
            // Too slow to know on which side of a keep-alive the client left.
            continue;
        }
        let seen = dropped(&scene, INTERVAL * u32::try_from(most).unwrap_or(1) + LIMIT).await?;
        counts.push(seen.frames - frames);
    }
    if counts.len() < rounds {
        let tries = rounds * TRIES;
        let known = counts.len();
        return Err(Failure::new(format!(
            "the machine is too slow: {known} of {tries} clients left well before a keep-alive"
        )));
    }
    play.note(format!(
        "{leave:?}: dropped after {counts:?} keep-alives, at most {most} allowed"
    ));
    match counts.iter().max() {
        Some(&count) if count > most => Err(Failure::new(format!(
            "{count} keep-alives were written after the client left"
        ))),
        _ => Ok(()),
    }
}

/// Without a count, no write after the leave would be seen.
fn uncounted() -> Failure {
    Failure::new("the server does not count its frames")
}

async fn dropped(scene: &Scene, limit: Duration) -> Result<crate::http::Seen, Failure> {
    let gone = |seen: &crate::http::Seen| seen.dropped == 1;
    scene
        .until("the stream is dropped after the client left", limit, gone)
        .await
}
