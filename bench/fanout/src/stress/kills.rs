//! The process is killed under load, again and again: a history in files goes on where it was, and one in memory
//! tells whoever comes back that it is another.

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{PATIENCE, child::Child, requests::Requests, stream::Stream};
use crate::options::Store;

/// A server that can be killed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Victim<'a> {
    pub(super) name: &'static str,
    pub(super) binary: &'a Path,
    pub(super) options: &'static [&'static str],
    pub(super) subscribe: &'static str,
    pub(super) publish: &'static str,
}

const READERS: usize = 4;
const PUBLISHERS: usize = 8;

pub(super) async fn run(victim: Victim<'_>, store: Store, kills: usize) -> Result<String> {
    let result = match store {
        Store::Memory => "everyone told `epoch`",
        Store::File => "every acknowledged event there, everyone complete",
    };
    let what = format!("{} killed {kills} times, {store:?}: {result}", victim.name);
    let acknowledged = kill(victim, store, kills).await;
    let acknowledged = acknowledged.with_context(|| what.clone())?;
    Ok(format!("{what}; {acknowledged} events acknowledged"))
}

async fn kill(victim: Victim<'_>, store: Store, kills: usize) -> Result<usize> {
    let directory = Directory::new(victim.name);
    let option = match store {
        Store::Memory => "memory".to_owned(),
        Store::File => format!("file:{}", directory.0.display()),
    };
    let options = [victim.options, &["--store", &option]].concat();
    let mut readers: Vec<_> = (0..READERS).map(|_| Reader::new(store)).collect();
    let mut acknowledged = BTreeSet::new();
    let numbers = Arc::new(AtomicU64::new(0));
    for round in 0..kills {
        let server = Child::start(victim.binary, None, &options)?;
        let state = Round::default();
        let reading: Vec<_> = readers
            .drain(..)
            .map(|reader| {
                tokio::spawn(reader.read(server.address, victim.subscribe, state.clone()))
            })
            .collect();
        // Whoever comes for the first time is owed nothing that was there before.
        state.until(&state.begun, READERS as u64).await?;
        let publishing: Vec<_> = (0..PUBLISHERS)
            .map(|_| publish(server.address, victim.publish, &numbers))
            .collect();
        // In the midst of it, each time after another number of deliveries.
        let deliveries = 50 + 37 * round as u64 % 500;
        state.until(&state.deliveries, deliveries).await?;
        state.is_killed.store(true, Ordering::SeqCst);
        drop(server);
        for reader in reading {
            readers.push(timeout(PATIENCE, reader).await???);
        }
        for publisher in publishing {
            acknowledged.extend(timeout(PATIENCE, publisher).await??);
        }
    }
    if store == Store::File {
        let server = Child::start(victim.binary, None, &options)?;
        let mut requests = Requests::connect(server.address).await?;
        requests
            .publish_at(victim.publish, &LAST.to_string())
            .await?;
        for reader in readers {
            let reading = reader.read(server.address, victim.subscribe, Round::default());
            let reader = timeout(PATIENCE, reading).await??;
            let missing: Vec<_> = acknowledged.difference(&reader.seen).collect();
            ensure!(
                missing.is_empty(),
                "{missing:?} were acknowledged and never came"
            );
        }
    }
    Ok(acknowledged.len())
}

/// Published when nobody is killed any more.
const LAST: u64 = u64::MAX;

/// What happens between a start and the kill.
#[derive(Clone, Debug, Default)]
struct Round {
    /// Readers that have their place.
    begun: Arc<AtomicU64>,
    deliveries: Arc<AtomicU64>,
    is_killed: Arc<AtomicBool>,
}

impl Round {
    async fn until(&self, counted: &AtomicU64, count: u64) -> Result<()> {
        let began = Instant::now();
        while counted.load(Ordering::Relaxed) < count {
            ensure!(began.elapsed() < PATIENCE, "{self:?} is short of {count}");
            sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }
}

/// Publishes until nobody answers; returns what was acknowledged.
fn publish(
    address: SocketAddr,
    path: &'static str,
    numbers: &Arc<AtomicU64>,
) -> JoinHandle<Vec<u64>> {
    let numbers = Arc::clone(numbers);
    tokio::spawn(async move {
        let mut acknowledged = Vec::new();
        let Ok(mut requests) = Requests::connect(address).await else {
            return acknowledged;
        };
        loop {
            let number = numbers.fetch_add(1, Ordering::Relaxed);
            match requests.publish_at(path, &number.to_string()).await {
                Ok(answer) if answer.status == 202 => acknowledged.push(number),
                _ => return acknowledged,
            }
        }
    })
}

/// A client that comes back with the last id that it was given.
#[derive(Debug)]
struct Reader {
    store: Store,
    last: Option<Id>,
    seen: BTreeSet<u64>,
}

/// An id of a hub's.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Id {
    text: String,
    epoch: String,
    seq: u64,
}

impl Id {
    fn read(text: String) -> Result<Self> {
        let mut parts = text.split('-');
        let (epoch, seq) = (parts.next(), parts.next());
        let epoch = epoch.context("an id has an epoch")?.to_owned();
        let seq = seq.with_context(|| text.clone())?.parse()?;
        Ok(Self { text, epoch, seq })
    }
}

impl Reader {
    fn new(store: Store) -> Self {
        Self {
            store,
            last: None,
            seen: BTreeSet::new(),
        }
    }

    /// Reads until the server is killed, or the very last event has come.
    async fn read(mut self, address: SocketAddr, path: &str, round: Round) -> Result<Self> {
        let resumed = self.last.clone();
        let text = resumed.as_ref().map(|id| &*id.text);
        let mut stream = Stream::connect(address, path, text).await?;
        let (mut is_told, mut has_begun) = (false, false);
        loop {
            let block = match stream.next().await {
                Ok(Some(block)) => block,
                Ok(None) => bail!("a stream has an end though its server was killed"),
                Err(_) if round.is_killed.load(Ordering::SeqCst) => return Ok(self),
                Err(error) => return Err(error),
            };
            let id = block.id.map(Id::read).transpose()?;
            if id.is_some() && !has_begun {
                has_begun = true;
                round.begun.fetch_add(1, Ordering::Relaxed);
            }
            if let Some(kind) = block.event {
                let data = block.data.unwrap_or_default();
                let is_epoch = kind == "hub.gap" && data.contains(r#""reason":"epoch""#);
                let is_due = self.store == Store::Memory && resumed.is_some() && !is_told;
                ensure!(is_epoch && is_due, "{kind} {data} came behind {resumed:?}");
                is_told = true;
                self.last = id;
                continue;
            }
            let previous = self.last.take();
            if let Some(data) = block.data {
                let id = id.as_ref().context("an event has no id")?;
                let number = data.trim_matches(|it: char| !it.is_ascii_digit()).parse()?;
                ensure!(
                    is_told || resumed.is_none() || self.store == Store::File,
                    "event {id:?} came behind {resumed:?} before the gap was told"
                );
                if let Some(previous) = &previous {
                    ensure!(
                        (&previous.epoch, previous.seq + 1) == (&id.epoch, id.seq),
                        "{id:?} came behind {previous:?}"
                    );
                }
                ensure!(self.seen.insert(number), "event {number} came twice");
                round.deliveries.fetch_add(1, Ordering::Relaxed);
                if number == LAST {
                    return Ok(self);
                }
            }
            self.last = id.or(previous);
        }
    }
}

/// Where the history lies, gone at the end.
#[derive(Debug)]
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let name = format!("stress-history-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}
