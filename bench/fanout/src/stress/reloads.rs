//! The script is loaded again and again, while events are published and connections come and go.

use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use tokio::{
    sync::{RwLock, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    PATIENCE, Sizes,
    child::Child,
    publishing::{Publishing, Refusal},
    requests::Requests,
    stream::Stream,
};

/// A script that stamps what is published, and counts who is there.
fn script(generation: usize) -> String {
    format!(
        r#"
local generation, here = {generation}, 0
function publish(pub)
  pub.generation = generation
  pub.msg.data = generation .. " " .. pub.msg.data
  return pub
end
function message(pub, sub)
  pub.msg.event = "of " .. pub.generation
  return pub
end
function subscribe(sub)
  if sub.req.query == "count" then
    return nil, {{status = 200, body = generation .. " with " .. here}}
  end
  here = here + 1
  return sub
end
function unsubscribe(sub) here = here - 1 end
"#
    )
}

/// The same, in one of two ways not to be loaded.
fn broken(generation: usize) -> String {
    let end = match generation / 10 % 2 {
        0 => "function startup(cli) error('not today') end",
        _ => "function (",
    };
    script(generation) + end
}

fn is_broken(generation: usize) -> bool {
    generation.is_multiple_of(10) && generation > 0
}

pub(super) async fn run(binary: &Path, sizes: &Sizes) -> Result<String> {
    let what = format!(
        "{} reloads, each tenth broken, under load with {} connections and {} that come and go",
        sizes.reloads, sizes.steady, sizes.hasty
    );
    let events = reload(binary, sizes).await;
    let events = events.with_context(|| what.clone())?;
    Ok(format!("{what}: {events} events"))
}

async fn reload(binary: &Path, sizes: &Sizes) -> Result<usize> {
    let server = Child::start(binary, Some(&script(0)), &["--timeout", "0s"])?;
    let address = server.address;
    let mut steady = Vec::new();
    for _ in 0..sizes.steady {
        steady.push(Steady::begin(address).await?);
    }
    // Whoever comes and goes does so while this can be read.
    let gate = Arc::new(RwLock::new(()));
    let hasty: Vec<_> = (0..sizes.hasty)
        .map(|_| tokio::spawn(come_and_go(address, Arc::clone(&gate))))
        .collect();
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|_| Publishing::begin(address, Duration::from_millis(10), Refusal::Never))
        .collect();
    let mut current = 0;
    for reader in &mut steady {
        reader.sees(current).await?;
    }
    for generation in 1..=sizes.reloads {
        let logged = server.logged();
        let text = if is_broken(generation) {
            broken(generation)
        } else {
            script(generation)
        };
        server.rewrite(&text)?;
        server.signal(Signal::HUP)?;
        let outcome = server.logs(logged, &[LOADED, NOT_LOADED]).await?;
        ensure!(
            outcome.contains(NOT_LOADED) == is_broken(generation),
            "reload {generation}: {outcome}"
        );
        if !is_broken(generation) {
            current = generation;
        }
        for reader in &mut steady {
            reader.sees(current).await?;
        }
        let _all_gone = gate.write().await;
        occupancy(address, current, sizes.steady).await?;
    }
    for task in &hasty {
        ensure!(!task.is_finished(), "one that comes and goes has failed");
        task.abort();
    }
    let mut published = 0;
    for publisher in publishers {
        published += publisher.end().await?;
    }
    let good: Vec<_> = (0..=sizes.reloads).filter(|&it| !is_broken(it)).collect();
    for reader in steady {
        let seen = reader.end(published).await?;
        ensure!(seen == good, "a connection saw the generations {seen:?}");
    }
    Ok(published)
}

/// Waits until the script counts as many as there are.
async fn occupancy(address: SocketAddr, generation: usize, connections: usize) -> Result<()> {
    let expected = format!("{generation} with {connections}");
    let began = Instant::now();
    let mut requests = Requests::connect(address).await?;
    loop {
        let counted = requests.get("/sse?count").await?.body;
        if counted == expected {
            return Ok(());
        }
        ensure!(
            began.elapsed() < PATIENCE,
            "the script counts {counted}, not {expected}"
        );
        sleep(Duration::from_millis(10)).await;
    }
}

async fn come_and_go(address: SocketAddr, gate: Arc<RwLock<()>>) -> Result<()> {
    loop {
        let _open = gate.read().await;
        let mut stream = Stream::open(address).await?;
        stream.next().await?.context("the stream ended")?;
    }
}

/// A connection that stays, and looks at every event.
#[derive(Debug)]
struct Steady {
    task: JoinHandle<Result<()>>,
    seen: watch::Receiver<Seen>,
}

/// How many events came, and of which generations.
#[derive(Clone, Debug, Default)]
struct Seen {
    events: usize,
    generations: Vec<usize>,
}

impl Steady {
    async fn begin(address: SocketAddr) -> Result<Self> {
        let stream = Stream::open(address).await?;
        let (tell, seen) = watch::channel(Seen::default());
        let task = tokio::spawn(follow(stream, tell));
        Ok(Self { task, seen })
    }

    /// Waits until an event of this generation has come.
    async fn sees(&mut self, generation: usize) -> Result<()> {
        let is_there = |seen: &Seen| seen.generations.last() == Some(&generation);
        self.until(is_there).await.with_context(|| {
            let seen = &self.seen.borrow().generations;
            format!("no event of generation {generation} came; those were {seen:?}")
        })
    }

    async fn until(&mut self, is_there: impl FnMut(&Seen) -> bool) -> Result<()> {
        let waited = timeout(PATIENCE, self.seen.wait_for(is_there)).await?;
        if waited.is_ok() {
            return Ok(());
        }
        drop(waited);
        match (&mut self.task).await? {
            Ok(()) => bail!("the stream ended"),
            Err(error) => Err(error),
        }
    }

    /// The generations of all events, which must be so many.
    async fn end(mut self, events: usize) -> Result<Vec<usize>> {
        let all = self.until(|seen| seen.events == events).await;
        let seen = self.seen.borrow().clone();
        all.with_context(|| format!("{} of {events} events came", seen.events))?;
        self.task.abort();
        Ok(seen.generations)
    }
}

async fn follow(mut stream: Stream, tell: watch::Sender<Seen>) -> Result<()> {
    while let Some(block) = stream.next().await? {
        let (Some(event), Some(data)) = (block.event, block.data) else {
            continue;
        };
        let (stamped, _) = data.split_once(' ').context("data without a stamp")?;
        ensure!(
            event.strip_prefix("of ") == Some(stamped),
            "what `publish` stamped with {stamped} came as {event:?}"
        );
        let generation: usize = stamped.parse()?;
        let newest = tell.borrow().generations.last().copied();
        ensure!(
            newest.is_none_or(|newest| newest <= generation),
            "after generation {newest:?} came {generation}"
        );
        tell.send_modify(|seen| {
            seen.events += 1;
            if newest != Some(generation) {
                seen.generations.push(generation);
            }
        });
    }
    Ok(())
}

const PUBLISHERS: usize = 4;
const LOADED: &str = "the script was loaded again";
const NOT_LOADED: &str = "the script was not loaded again";
