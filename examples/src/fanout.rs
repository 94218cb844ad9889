//! What the servers for measuring share besides their hub: the command line, what they answer, and the count of allocations.

use std::env;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize, Serializer};
use sse_core::ByteString;
use sse_hub::provider::file::File;
use sse_hub::{Hub, IntoTopics, LagLimit, Position, Published, Retention, SessionRequest};
use tracing_subscriber::filter::LevelFilter;

/// The command line: `--listen ADDR:PORT`, `--retain N`, `--store memory|file:PATH`, `--stock`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Where to listen; port 0 is a free one.
    pub listen: SocketAddr,
    /// How many events are kept for clients that come back, and how many a slow one may be behind;
    /// 10,000 by default.
    pub retain: usize,
    /// The directory in which they survive a restart; none is memory.
    pub store: Option<PathBuf>,
    /// Whether the framework's own accept loop serves.
    pub stock: bool,
}

impl Options {
    /// Reads the arguments of this process. Without `--listen` it is 127.0.0.1 and the port in `PORT`, or else 3000.
    ///
    /// # Errors
    ///
    /// An option that is unknown, lacks its value, or has one that it cannot have.
    pub fn of_process() -> Result<Self> {
        let mut options = Self {
            listen: crate::address()?,
            retain: 10_000,
            store: None,
            stock: false,
        };
        let mut arguments = env::args().skip(1);
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().context(format!("{name} needs a value"));
            match name.as_str() {
                "--listen" => options.listen = value()?.parse().context("--listen ADDR:PORT")?,
                "--retain" => options.retain = value()?.parse().context("--retain N")?,
                "--store" => options.store = store(&value()?)?,
                "--stock" => options.stock = true,
                _ => bail!(
                    "unknown option {name}, there are --listen, --retain, --store and --stock"
                ),
            }
        }
        Ok(options)
    }

    /// Makes the hub of these options.
    ///
    /// # Errors
    ///
    /// The directory cannot be used, is in use, or something in it is damaged.
    pub fn hub(&self) -> Result<Hub> {
        let retention = Retention::default().count(self.retain);
        let builder = Hub::builder()
            .retain(retention.clone())
            .lag_limit(LagLimit::default().entries(self.retain));
        let Some(directory) = &self.store else {
            return Ok(builder.build());
        };
        let file = File::options().retain(retention).open(directory)?;
        Ok(builder.provider(move |_| Arc::new(file.clone())).build())
    }
}

fn store(text: &str) -> Result<Option<PathBuf>> {
    match text.split_once(':') {
        None if text == "memory" => Ok(None),
        Some(("file", path)) if !path.is_empty() => Ok(Some(path.into())),
        _ => bail!("--store memory|file:PATH"),
    }
}

/// Writes to standard error what the hub warns of, such as which subscribers are too slow.
pub fn log_warnings() {
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::WARN)
        .with_ansi(false)
        .with_writer(io::stderr)
        .init();
}

/// The query of `POST /publish`.
#[derive(Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct Target {
    /// The topic; none is the default one.
    pub topic: Option<String>,
}

impl Target {
    /// Reads it where no framework does.
    pub fn of_query(query: Option<&str>) -> Self {
        let request = SessionRequest::new(None, query, &|_| None);
        Self {
            topic: request.parameters("topic").pop(),
        }
    }
}

impl IntoTopics for Target {
    fn into_topics(self) -> Vec<ByteString> {
        self.topic.into_iter().map(ByteString::from).collect()
    }
}

/// The answer to `POST /publish`.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Receipt {
    #[serde(serialize_with = "text")]
    id: Position,
    subscribers: usize,
}

impl From<Published> for Receipt {
    fn from(published: Published) -> Self {
        Self {
            id: published.position,
            subscribers: published.subscribers,
        }
    }
}

fn text<S: Serializer>(position: &Position, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(position)
}

/// The answer to `GET /memory`: the bytes that a hub takes.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Memory {
    retained: u64,
    pinned: u64,
    index: u64,
}

impl Memory {
    /// Asks a hub.
    pub fn of(hub: &Hub) -> Self {
        let memory = hub.memory();
        Self {
            retained: memory.retained,
            pinned: memory.pinned,
            index: memory.index,
        }
    }
}

/// With it a connection that waits takes about 1 KiB less than with the system's, for the same allocations.
#[cfg(not(feature = "count-allocations"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(feature = "count-allocations")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

/// Allocations and reallocations of this process so far, as the text of `GET /allocations`.
#[cfg(feature = "count-allocations")]
pub fn allocations() -> Option<String> {
    let stats = ALLOCATOR.stats();
    Some((stats.allocations + stats.reallocations).to_string())
}

/// Nothing: this build does not count.
#[cfg(not(feature = "count-allocations"))]
pub fn allocations() -> Option<String> {
    None
}
