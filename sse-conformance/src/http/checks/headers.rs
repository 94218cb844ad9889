use super::checks;
use crate::http::check::{Play, Trial};
use crate::http::client::{Protocol, Reply};
use crate::http::{Failure, Profile, Script};

checks! {
    the_content_type_is_exact(Events);
    the_cache_control_is_exact(Events);
    the_proxy_is_told_not_to_buffer(Events);
    no_other_header_is_added(Events);
}

const CONTENT_TYPE: (&str, &str) = ("content-type", "text/event-stream");
const CACHE_CONTROL: (&str, &str) = ("cache-control", "no-cache, no-transform");
const ACCEL_BUFFERING: (&str, &str) = ("x-accel-buffering", "no");

async fn the_content_type_is_exact(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    header(&idle(&play).await?, CONTENT_TYPE)
}

async fn the_cache_control_is_exact(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    header(&idle(&play).await?, CACHE_CONTROL)
}

async fn the_proxy_is_told_not_to_buffer(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    header(&idle(&play).await?, ACCEL_BUFFERING)
}

async fn no_other_header_is_added(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let reply = idle(&play).await?;
    let profile = play.trial.subject.profile();
    no_other(&reply, &profile, play.trial.protocol)
}

/// Demands all the headers of an event stream and no others.
pub(super) fn exactly_ours(reply: &Reply, play: &Play) -> Result<(), Failure> {
    for expected in [CONTENT_TYPE, CACHE_CONTROL, ACCEL_BUFFERING] {
        header(reply, expected)?;
    }
    no_other(reply, &play.trial.subject.profile(), play.trial.protocol)
}

async fn idle(play: &Play) -> Result<Reply, Failure> {
    play.open(&play.scene(Script::default())).await
}

fn header(reply: &Reply, (name, expected): (&str, &str)) -> Result<(), Failure> {
    let values: Vec<_> = reply.headers.all(name).collect();
    if values == [expected] {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{name} is {values:?} instead of once {expected:?}"
    )))
}

fn no_other(reply: &Reply, profile: &Profile, protocol: Protocol) -> Result<(), Failure> {
    if let Some(encoding) = profile.content_encoding {
        header(reply, ("content-encoding", encoding))?;
    }
    for (name, value) in &reply.headers.0 {
        let expected = match name.as_str() {
            // The date is the server's own.
            "content-type" | "cache-control" | "x-accel-buffering" | "date" => true,
            "content-encoding" => profile.content_encoding.is_some(),
            "transfer-encoding" => protocol == Protocol::Http1 && value == "chunked",
            _ => false,
        };
        if !expected {
            return Err(Failure::new(format!("unexpected header {name}: {value}")));
        }
    }
    Ok(())
}
