//! Thousands of streams are ended over a window, while publishing goes on.

use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    AT_ONCE, PATIENCE, Sizes,
    child::Child,
    publishing::{Publishing, Refusal},
    requests::Requests,
    stream::Stream,
};

/// Counts how often each connection left.
const SCRIPT: &str = r#"
local log = require "log"
local came, left = 0, {}
function subscribe(sub)
  came = came + 1
  return sub
end
function unsubscribe(sub)
  left[sub.req.id] = (left[sub.req.id] or 0) + 1
end
function shutdown(reason)
  local once, more = 0, 0
  for _, times in pairs(left) do
    if times == 1 then once = once + 1 else more = more + 1 end
  end
  log.info(("counted %d came, %d left once, %d more often"):format(came, once, more))
end
"#;

/// How a stream ended.
#[derive(Debug)]
struct Ended {
    at: Instant,
    retry: Option<u64>,
    /// Whether the end was told as the hub's own event, with the position of the last event.
    is_told: bool,
    events: usize,
}

/// Whose ids are on the wire: the hub's bear a closing event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    Publisher,
    Hub,
}

impl Ids {
    fn option(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Hub => "hub",
        }
    }
}

pub(super) async fn run(binary: &Path, sizes: &Sizes, ids: Ids) -> Result<String> {
    let (connections, window) = (sizes.draining, sizes.window);
    let what = format!(
        "{connections} streams end over {window:?}, --ids {}",
        ids.option()
    );
    let drained = drain(binary, connections, window, ids).await;
    let told = drained.with_context(|| what.clone())?;
    Ok(format!("{what}: {told}"))
}

async fn drain(binary: &Path, connections: usize, window: Duration, ids: Ids) -> Result<String> {
    let drain = format!("{}ms", window.as_millis());
    let options = ["--ids", ids.option(), "--drain", &drain];
    let mut server = Child::start(binary, Some(SCRIPT), &options)?;
    let address = server.address;
    let mut streams = subscribe(address, connections, ids).await?;
    let publishing = Publishing::begin(address, Duration::from_millis(100), Refusal::AtTheEnd);
    let began = Instant::now();
    server.signal(Signal::TERM)?;
    let watched = tokio::spawn(watch(address));
    let mut ended = Vec::with_capacity(connections);
    while let Some(stream) = timeout(window + PATIENCE, streams.join_next()).await? {
        ended.push(stream??);
    }
    let last = ended.iter().map(|stream| stream.at).max();
    let last = last.context("there were streams")?;
    let (gone, asked) = watched.await??;
    // The client may be slower to see an end than the server to hang up.
    ensure!(
        gone + Duration::from_secs(1) > last,
        "the listener was gone {:?} before the last stream",
        last - gone
    );
    let published = publishing.end().await?;
    let status = server.ends().await?;
    ensure!(status.success(), "the server ended with {status}");
    check_ends(&ended, began, window)?;
    let counted = server.logs(0, &["counted"]).await?;
    let expected = format!("counted {connections} came, {connections} left once, 0 more often");
    ensure!(counted.ends_with(&expected), "{counted}");
    let most = ended.iter().map(|stream| stream.events).max().unwrap_or(0);
    ensure!(
        most * 2 > published,
        "of {published} published events no stream got more than {most}"
    );
    Ok(format!(
        "the last after {:.1} s, {published} events published, {asked} times asked for health, unsubscribed once each",
        (last - began).as_secs_f64()
    ))
}

/// Subscribes so many, and reads each to its end.
async fn subscribe(
    address: SocketAddr,
    connections: usize,
    ids: Ids,
) -> Result<JoinSet<Result<Ended>>> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut opening = JoinSet::new();
    for _ in 0..connections {
        let turns = Arc::clone(&turns);
        opening.spawn(async move {
            let _turn = turns.acquire().await?;
            Stream::open(address).await
        });
    }
    let mut streams = JoinSet::new();
    while let Some(stream) = opening.join_next().await {
        streams.spawn(read(stream??, ids));
    }
    Ok(streams)
}

async fn read(mut stream: Stream, ids: Ids) -> Result<Ended> {
    let mut ended = Ended {
        at: Instant::now(),
        retry: None,
        is_told: ids == Ids::Publisher,
        events: 0,
    };
    let (mut last, mut next) = (None, None);
    while let Some(block) = stream.next().await? {
        ended.retry = block.retry;
        if block.event.as_deref() == Some("hub.close") {
            ended.is_told = block.id.is_some() && (last.is_none() || block.id == last);
            continue;
        }
        let Some(data) = block.data else { continue };
        let number: usize = data.parse()?;
        ensure!(
            next.is_none_or(|next| next == number),
            "event {next:?} should come, and {number} came"
        );
        next = Some(number + 1);
        last = block.id;
        ended.events += 1;
    }
    ended.at = Instant::now();
    Ok(ended)
}

/// Asks for health until nobody answers; tells when that was, and how often it asked.
async fn watch(address: SocketAddr) -> Result<(Instant, usize)> {
    let began = Instant::now();
    while Requests::get_once(address, "/health/ready").await?.status == 200 {
        ensure!(began.elapsed() < PATIENCE, "readiness stays green");
        sleep(Duration::from_millis(5)).await;
    }
    // Whoever comes now is asked to come later.
    let late = Requests::get_once(address, "/sse").await?;
    let retry = late
        .body
        .lines()
        .find_map(|line| line.strip_prefix("retry: "));
    let retry: u64 = retry.with_context(|| format!("{late:?}"))?.parse()?;
    ensure!((15_000..=45_000).contains(&retry), "{late:?}");
    for asked in 1.. {
        let Ok(ready) = Requests::get_once(address, "/health/ready").await else {
            return Ok((Instant::now(), asked));
        };
        ensure!(ready.status == 503, "readiness turned green again");
        sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("it was asked without an end")
}

fn check_ends(ended: &[Ended], began: Instant, window: Duration) -> Result<()> {
    let untold = ended.iter().filter(|stream| !stream.is_told).count();
    ensure!(
        untold == 0,
        "{untold} closing events do not bear the last id"
    );
    let retries: Option<Vec<_>> = ended.iter().map(|stream| stream.retry).collect();
    let mut retries = retries.context("a stream ended without a time to come back")?;
    retries.sort_unstable();
    let (least, most) = (retries[0], retries[retries.len() - 1]);
    // All may come back at 2,000 a second, a second from now.
    let spread = ended.len() as u64 * 1000 / 2000;
    ensure!(
        least >= 1000 && most <= 1000 + spread && most - least >= spread / 2,
        "times to come back lie between {least} and {most} ms"
    );
    retries.dedup();
    ensure!(
        retries.len() as u64 >= spread / 3,
        "{} times",
        retries.len()
    );
    let half = began + window / 2;
    let early = ended.iter().filter(|stream| stream.at < half).count();
    let share = early as f64 / ended.len() as f64;
    ensure!(
        (0.25..=0.75).contains(&share),
        "{early} of {} ended in the first half of the window",
        ended.len()
    );
    Ok(())
}
