//! What the log in files takes beside the least that a disk can be asked for: `cargo bench -p sse-hub --features file`.
//!
//! A directory for it can be named as argument; by default it is one of the system's temporary ones.
//! Each figure stands beside a bare loop of the same writes and syncs in the same run, or beside reading the same files.

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement, not a part of anything"
)]

use std::{
    any::Any,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use sse_hub::{
    Ack, Draft, Event, Hub, Retention,
    provider::{
        Provider as _,
        file::{Disk, File, Storage, StoredFile},
    },
};

fn main() {
    let named = std::env::args().skip(1).find(|it| !it.starts_with('-'));
    let base = named.map_or_else(std::env::temp_dir, PathBuf::from);
    let directory = base.join(format!("sse-hub-bench-{}", std::process::id()));
    println!(
        "publishers x in flight | events/s | events a batch | of a bare loop | of a hub in memory"
    );
    for in_flight in [16, 1] {
        // In turns, since a disk is not the same from one second to the next.
        let mut parts: Vec<_> = (0..5)
            .map(|_| throughput(&directory, 64, in_flight))
            .collect();
        parts.sort_by(f64::total_cmp);
        println!(
            "64 x {in_flight}: {:.2} of a bare loop in the middle of five",
            parts[2]
        );
    }
    start(&directory, 1_000_000);
    let _ = fs::remove_dir_all(directory);
}

const TIME: Duration = Duration::from_secs(2);

/// Publishes from many tasks for a while, and then writes and syncs the same without a hub.
fn throughput(directory: &Path, publishers: usize, in_flight: usize) -> f64 {
    let _ = fs::remove_dir_all(directory);
    let counted = Counted::new(directory);
    let sizes = Arc::clone(&counted.sizes);
    let retention = Retention::default().bytes(1 << 30).count(usize::MAX);
    let file = File::options()
        .retain(retention)
        .open_storage(Arc::new(counted))
        .unwrap();
    let hub = Hub::builder()
        .provider(move |_| Arc::new(file.clone()))
        .build();
    sizes.lock().unwrap().clear();
    let (events, took) = publish(&hub, Ack::Durable, publishers * in_flight);
    drop(hub);
    let batches = std::mem::take(&mut *sizes.lock().unwrap());
    let bare = bare(directory, &batches).as_secs_f64() / took;
    // What no disk can make faster.
    let (in_memory, memory_took) = publish(&Hub::new(), Ack::Accepted, publishers * in_flight);
    let (per_second, in_memory) = (events / took, in_memory / memory_took);
    println!(
        "{publishers} x {in_flight} | {per_second:.0} | {:.0} | {bare:.2} | {:.2}",
        events / batches.len() as f64,
        per_second / in_memory,
    );
    bare
}

/// Publishes for a while in so many tasks; how many events, in how many seconds.
fn publish(hub: &Hub, ack: Ack, tasks: usize) -> (f64, f64) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let began = Instant::now();
    let events = runtime.unwrap().block_on(async {
        let tasks: Vec<_> = (0..tasks)
            .map(|_| tokio::spawn(publish_for_a_while(hub.clone(), ack, began)))
            .collect();
        let mut events = 0;
        for task in tasks {
            events += task.await.unwrap();
        }
        events
    });
    (f64::from(events), began.elapsed().as_secs_f64())
}

async fn publish_for_a_while(hub: Hub, ack: Ack, began: Instant) -> u32 {
    let mut events = 0;
    while began.elapsed() < TIME {
        let event = Event::new("x".repeat(200));
        hub.publish("a", event).ack(ack).await.unwrap();
        events += 1;
        // A hub in memory answers at once, and the others would wait.
        tokio::task::coop::consume_budget().await;
    }
    events
}

/// Appends so many bytes at a time to one file, each time with a sync.
fn bare(directory: &Path, batches: &[usize]) -> Duration {
    let bytes = vec![b'x'; batches.iter().copied().max().unwrap_or(0)];
    let file = Disk::new(directory).create("bare").unwrap();
    let (mut end, began) = (0, Instant::now());
    for &len in batches {
        file.write_at(&bytes[..len], end).unwrap();
        file.sync().unwrap();
        end += len as u64;
    }
    began.elapsed()
}

/// Opens a log of many entries of 1 KiB, and reads its files once.
fn start(directory: &Path, entries: usize) {
    let _ = fs::remove_dir_all(directory);
    let retention = Retention::default()
        .bytes(1_200_000_000)
        .count(usize::MAX)
        .any_age();
    let open = || {
        File::options()
            .retain(retention.clone())
            .open(directory)
            .unwrap()
    };
    let file = open();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        for _ in 0..entries / 1000 {
            let batch = (0..1000).map(|_| Draft::new("a", Event::new("x".repeat(1024))).unwrap());
            assert!(
                file.append(batch.collect(), Ack::Durable)
                    .await
                    .iter()
                    .all(Result::is_ok)
            );
        }
    });
    drop(file);
    let mut ratios = Vec::new();
    for _ in 0..3 {
        let began = Instant::now();
        let bytes = read_all(directory).unwrap();
        let reading = began.elapsed();
        let began = Instant::now();
        let file = open();
        let opening = began.elapsed();
        assert_eq!(file.status().head, entries as u64);
        ratios.push(opening.as_secs_f64() / reading.as_secs_f64());
        println!("start: {opening:.3?}, reading {bytes} bytes: {reading:.3?}");
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "start with {entries} entries: {:.3} of the time of reading the files",
        ratios[1]
    );
}

fn read_all(directory: &Path) -> io::Result<u64> {
    let (mut buffer, mut bytes) = (vec![0; 1 << 20], 0);
    for entry in fs::read_dir(directory)? {
        let mut file = fs::File::open(entry?.path())?;
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                read => bytes += read as u64,
            }
        }
    }
    Ok(bytes)
}

/// A disk that notes how much was written before each sync.
#[derive(Debug)]
struct Counted {
    disk: Disk,
    sizes: Arc<Mutex<Vec<usize>>>,
}

#[derive(Debug)]
struct CountedFile {
    file: Arc<dyn StoredFile>,
    written: Mutex<usize>,
    sizes: Arc<Mutex<Vec<usize>>>,
}

impl Counted {
    fn new(directory: &Path) -> Self {
        Self {
            disk: Disk::new(directory),
            sizes: Arc::default(),
        }
    }

    fn count(&self, file: Arc<dyn StoredFile>) -> Arc<dyn StoredFile> {
        Arc::new(CountedFile {
            file,
            written: Mutex::default(),
            sizes: Arc::clone(&self.sizes),
        })
    }
}

impl Storage for Counted {
    fn lock(&self) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        self.disk.lock()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        Ok(self.count(self.disk.create(name)?))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        Ok(self.count(self.disk.open(name)?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn sync_names(&self) -> io::Result<()> {
        self.disk.sync_names()
    }
}

impl StoredFile for CountedFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        *self.written.lock().unwrap() += bytes.len();
        self.file.write_at(bytes, offset)
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.file.set_size(size)
    }

    fn sync(&self) -> io::Result<()> {
        let written = std::mem::take(&mut *self.written.lock().unwrap());
        self.sizes.lock().unwrap().push(written);
        self.file.sync()
    }
}
