//! What is known of each topic.

use std::{
    any::Any,
    collections::BTreeMap,
    future::poll_fn,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_core::Stream;
use sse_hub::{
    Draft, Event, EventId, Hub, Position, Resume, Retention, Start, Topic,
    provider::{
        Provider,
        file::{File, Inspection, Simulated, Storage, StoredFile},
    },
};

use crate::shared::{append, clear, content, now, options, overwrite, segments};

fn topics(names: &[&str]) -> Vec<Topic> {
    let topics = names.iter().map(|it| Topic::try_from(*it).unwrap());
    topics.collect()
}

fn publish(file: &File, names: &[&str], data: &str) -> u64 {
    let draft = Draft::new(topics(names), Event::new(data.to_owned())).unwrap();
    append(file, vec![draft]).remove(0).unwrap().seq
}

/// A log of small files that keeps so many bytes.
fn open_small(storage: &(impl Storage + Clone), bytes: usize) -> File {
    let retention = Retention::default()
        .count(usize::MAX)
        .any_age()
        .bytes(bytes);
    let options = options().segment_bytes(1000).retain(retention);
    options.open_storage(Arc::new(storage.clone())).unwrap()
}

/// All entries of some topics, page by page, as sequences.
fn read(file: &File, names: &[&str], limit: usize) -> Vec<u64> {
    let (topics, mut seqs, mut next) = (topics(names), Vec::new(), 1);
    loop {
        let page = now(file.read_topics(&topics, next, limit)).unwrap();
        assert!(page.records.len() <= limit);
        seqs.extend(page.records.iter().map(|it| it.seq));
        if page.scanned_through < next {
            return seqs;
        }
        next = page.scanned_through + 1;
    }
}

#[test]
fn a_page_of_topics_has_all_of_theirs_and_nothing_else() {
    let disk = Simulated::new();
    let mut file = open_small(&disk, usize::MAX);
    let sets = [
        &["a"][..],
        &["b"],
        &["a", "b"],
        &["c"],
        &["c"],
        &["c"],
        &["b", "c"],
    ];
    let mut published: BTreeMap<u64, &[&str]> = BTreeMap::new();
    for number in 0..200 {
        let names = sets[number * number % 11 % sets.len()];
        published.insert(publish(&file, names, "x"), names);
    }
    assert!(segments(&disk).len() > 5);
    for attempt in 0..4 {
        for names in [
            &["a"][..],
            &["b"],
            &["a", "b"],
            &["nobody's"],
            &["a", "nobody's"],
        ] {
            let is_asked_for = |of: &&[&str]| of.iter().any(|it| names.contains(it));
            let expected = published.iter().filter(|(_, of)| is_asked_for(of));
            let expected: Vec<u64> = expected.map(|(seq, _)| *seq).collect();
            for limit in [1, 2, 7, 1000] {
                assert_eq!(read(&file, names, limit), expected, "{names:?} by {limit}");
            }
        }
        match attempt {
            // Without what the files beside the entries say, the entries are read.
            1 => {
                let names = segments(&disk).into_iter();
                for name in names.take(4) {
                    let index = name.replace(".log", ".idx");
                    let mut bytes = content(&disk, &index);
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 1;
                    overwrite(&disk, &index, &bytes);
                }
            }
            2 => {
                clear(&file, "b");
                published.retain(|_, of| !of.contains(&"b"));
            }
            _ => {}
        }
        drop(file);
        file = open_small(&disk, usize::MAX);
    }
}

#[test]
fn what_retention_took_is_known_for_each_topic_also_after_a_start() {
    let disk = Simulated::new();
    let file = open_small(&disk, 4000);
    publish(&file, &["quiet"], "1");
    let quiet = publish(&file, &["quiet", "quiet too"], "2");
    let overfill = |file: &File| {
        let before = file.status().first;
        let mut last = before;
        while file.status().first < before + 100 {
            last = publish(file, &["busy"], "something");
            file.maintain();
        }
        last
    };
    let mut last = overfill(&file);
    let is_known = |file: &File| {
        let trimmed = |names: &[&str]| file.trimmed(&topics(names));
        let first = file.status().first;
        assert_eq!(trimmed(&["quiet"]), quiet);
        assert_eq!(trimmed(&["quiet too"]), quiet);
        assert_eq!(trimmed(&["busy"]), first - 1);
        assert_eq!(trimmed(&["quiet", "busy"]), first - 1);
        assert_eq!(trimmed(&["nobody's"]), 0);
    };
    is_known(&file);
    drop(file);
    let file = open_small(&disk, 4000);
    is_known(&file);
    last = overfill(&file).max(last);
    is_known(&file);
    assert!(last > 200);
    drop(file);

    // Where that cannot be read, everything may have been anyone's.
    let mut bytes = content(&disk, "trimmed");
    bytes[20] ^= 1;
    overwrite(&disk, "trimmed", &bytes);
    let inspected = Inspection::of_storage(&disk).unwrap();
    assert_eq!(inspected.damage, [("trimmed".to_owned(), 0)]);
    let file = open_small(&disk, 4000);
    let first = file.status().first;
    assert_eq!(file.trimmed(&topics(&["quiet"])), first - 1);
    assert_eq!(file.trimmed(&topics(&["nobody's"])), first - 1);
}

#[test]
fn a_file_that_comes_back_after_a_crash_has_lost_nothing_that_it_has() {
    let disk = Simulated::new();
    let file = open_small(&disk, usize::MAX);
    let quiet = publish(&file, &["quiet"], "1");
    while segments(&disk).len() < 4 {
        publish(&file, &["busy"], "something");
    }
    let names = segments(&disk).into_iter();
    let before: Vec<_> = names.map(|it| (content(&disk, &it), it)).collect();
    drop(file);
    let file = open_small(&disk, 2000);
    publish(&file, &["busy"], "something");
    assert!(file.status().first > quiet);
    drop(file);
    // What a crash may leave of it: the note is there, and so are the files.
    for (bytes, name) in before.iter().filter(|(_, name)| disk.open(name).is_err()) {
        drop(disk.create(name).unwrap());
        overwrite(&disk, name, bytes);
    }
    let file = open_small(&disk, usize::MAX);
    assert_eq!(file.status().first, 1);
    assert_eq!(file.trimmed(&topics(&["quiet", "busy"])), 0);
}

fn position(file: &File, seq: u64) -> Position {
    let page = now(file.read(seq, 1)).unwrap();
    Position {
        epoch: file.status().epoch,
        seq,
        nonce: page.records[0].nonce,
    }
}

#[tokio::test]
async fn a_copy_that_takes_the_place_of_its_log_is_another_log_behind_it() {
    let disk = Simulated::new();
    let file = open_small(&disk, usize::MAX);
    let shared = publish(&file, &["a"], "shared");
    let shared = position(&file, shared);
    drop(file);
    let copy = content(&disk, &segments(&disk)[0]);
    let file = open_small(&disk, usize::MAX);
    let lost = publish(&file, &["a"], "lost");
    let lost = position(&file, lost);
    drop(file);

    overwrite(&disk, &segments(&disk)[0], &copy);
    drop(disk.create("restored").unwrap());
    let file = open_small(&disk, 4000);
    assert_ne!(file.status().epoch, shared.epoch);
    assert_eq!(file.status().epoch_start, lost.seq);
    let after = publish(&file, &["a"], "another");
    assert_eq!(after, lost.seq);
    while file.status().first < 100 {
        publish(&file, &["busy"], "something");
        file.maintain();
    }
    let (epoch, hub_now) = (file.status().epoch, hub(&file));
    let lost = lost.to_event_id();
    let subscription = hub_now.subscribe("a").after(lost).await.unwrap();
    let told = matches!(subscription.resume(), Resume::Gap(gap) if gap.reason.as_str() == "epoch");
    assert!(told, "{:?}", subscription.resume());
    drop((subscription, hub_now, file));
    let file = open_small(&disk, 4000);
    assert_eq!(file.status().epoch, epoch, "once is enough");
}

fn hub(file: &File) -> Hub {
    let file = file.clone();
    let retention = Retention::default().count(10);
    let builder = Hub::builder().retain(retention).no_keep_alive();
    builder.provider(move |_| Arc::new(file.clone())).build()
}

#[tokio::test]
async fn who_reads_a_quiet_topic_is_told_of_no_gap_that_is_not_theirs() {
    let disk = Simulated::new();
    let mut file = open_small(&disk, 4000);
    let published = [&["quiet"], &["quiet"], &["busy"]].map(|it| publish(&file, it, "x"));
    let ids = published.map(|seq| position(&file, seq).to_event_id());
    let [before_quiet, quiet, busy] = ids;
    let mut hub_now = hub(&file);
    while file.status().first < 100 {
        publish(&file, &["busy"], "something");
        file.maintain();
    }
    for _ in 0..2 {
        let resume = async |topic: &str, id: &EventId| {
            let subscription = hub_now.subscribe(topic).after(id.clone()).await.unwrap();
            let replay = hub_now.read(topic, id.clone(), 10).await.unwrap();
            let said = [subscription.resume(), &replay.resume].map(|resume| match resume {
                Resume::Gap(gap) => gap.reason.as_str().to_owned(),
                resume => resume.as_str().to_owned(),
            });
            assert_eq!(said[0], said[1]);
            said[0].clone()
        };
        assert_eq!(resume("quiet", &quiet).await, "complete");
        assert_eq!(resume("nobody's", &before_quiet).await, "complete");
        assert_eq!(resume("quiet", &before_quiet).await, "expired");
        assert_eq!(resume("busy", &busy).await, "expired");
        // A pattern may match what nobody knows of any more.
        assert_eq!(resume("*", &quiet).await, "expired");
        drop(hub_now);
        drop(file);
        file = open_small(&disk, 4000);
        hub_now = hub(&file);
    }
}

/// A disk that counts the bytes that are read.
#[derive(Clone, Debug)]
struct Counting {
    disk: Simulated,
    read: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct CountingFile(Arc<dyn StoredFile>, Arc<AtomicUsize>);

impl Counting {
    fn count(&self, file: io::Result<Arc<dyn StoredFile>>) -> io::Result<Arc<dyn StoredFile>> {
        file.map(|file| Arc::new(CountingFile(file, Arc::clone(&self.read))) as _)
    }
}

impl Storage for Counting {
    fn lock(&self) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        self.disk.lock()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        self.count(self.disk.create(name))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        self.count(self.disk.open(name))
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

impl StoredFile for CountingFile {
    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = self.0.read_at(buffer, offset)?;
        self.1.fetch_add(read, Ordering::Relaxed);
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(bytes, offset)
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.0.set_size(size)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

#[tokio::test]
async fn a_quiet_topic_is_replayed_without_reading_what_others_published() {
    let disk = Counting {
        disk: Simulated::new(),
        read: Arc::default(),
    };
    let options = || options().segment_bytes(1 << 20);
    let file = options().open_storage(Arc::new(disk.clone())).unwrap();
    let data = "x".repeat(1000);
    let mut expected = Vec::new();
    for number in 0..8000 {
        if number % 2000 == 100 {
            let data = format!("quiet {number}");
            let seq = publish(&file, &["quiet"], &data);
            expected.push((position(&file, seq).to_event_id(), data));
        }
        publish(&file, &["busy"], &data);
    }
    drop(file);

    let file = options().open_storage(Arc::new(disk.clone())).unwrap();
    let hub = hub(&file);
    disk.read.store(0, Ordering::Relaxed);
    let after = expected[0].0.clone();
    let mut behind = hub.subscribe("quiet").after(after).await.unwrap();
    assert_eq!(*behind.resume(), Resume::Complete);
    let mut last = hub.subscribe("quiet").from(Start::Last(3)).await.unwrap();
    for reader in [&mut behind, &mut last] {
        let mut told = String::new();
        while !told.contains(&expected[3].1) {
            let next = poll_fn(|cx| Pin::new(&mut *reader).poll_next(cx)).await;
            told.push_str(str::from_utf8(next.unwrap().as_bytes()).unwrap());
        }
        let places = expected[1..].iter().map(|(_, data)| told.find(data));
        assert!(places.is_sorted() && !told.contains("data: x"), "{told}");
    }
    // Four places in eight megabytes, twice.
    let read = disk.read.load(Ordering::Relaxed);
    assert!((1..2_000_000).contains(&read), "{read}");
}
