#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
//! A log in files: what is there after a start.

mod damage;
mod hub;
mod shared;
mod tails;
mod topics;
mod trouble;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use sse_hub::{
    Ack, Clock, Draft, Event, EventId, EventType, Retention,
    provider::{AppendErrorKind, Provider, TailItem, file::*},
};

use shared::{
    append, clear, data, draft, drain, items, now, open, options, put, records, segments,
};

#[test]
fn all_of_an_entry_is_there_after_a_start() {
    let disk = Simulated::new();
    let event = Event::new("x\ny").event(EventType::from_static("sort"));
    let event = event.try_id("own 1").unwrap();
    let whole = Draft::new(["a", "b/c"], event).unwrap().key("k");
    let whole = whole
        .time_to_live(Duration::from_millis(1500))
        .idempotency_key("once")
        .attachment(Bytes::from_static(&[0, 255, b'\n']));
    let file = open(&disk);
    let first = append(&file, vec![whole.clone(), draft("y")]);
    let before = (file.status(), records(&file));
    drop(file);

    let file = open(&disk);
    assert_eq!((file.status(), records(&file)), before);
    assert_eq!(before.1[0].draft, whole);
    let again = append(&file, vec![whole]).remove(0).unwrap();
    let first = *first[0].as_ref().unwrap();
    assert!(again.duplicate);
    assert_eq!((again.seq, again.nonce), (first.seq, first.nonce));
    assert_eq!(put(&file, "z").seq, 3);
    let own = EventId::try_from("own 1").unwrap();
    assert_eq!(now(file.find(&own)).unwrap(), Some(1));
    let other = EventId::try_from("own 2").unwrap();
    assert_eq!(now(file.find(&other)).unwrap(), None);
}

#[test]
fn own_ids_and_keys_are_found_in_sealed_segments_too() {
    let disk = Simulated::new();
    let small = || {
        let options = options().segment_bytes(300);
        options.open_storage(Arc::new(disk.clone())).unwrap()
    };
    let file = small();
    let made = |number: usize| {
        let event = Event::new("x")
            .try_id(format!("own {}", number % 7))
            .unwrap();
        let draft = Draft::new("a", event).unwrap();
        draft.idempotency_key(format!("key {number}"))
    };
    for number in 0..20 {
        append(&file, vec![made(number)]);
    }
    assert!(segments(&disk).len() > 3, "{:?}", segments(&disk));
    drop(file);
    let file = small();
    assert_eq!(data(&file).len(), 20);
    for number in 0..20 {
        let again = append(&file, vec![made(number)]).remove(0).unwrap();
        assert_eq!((again.seq, again.duplicate), (number as u64 + 1, true));
        let own = EventId::try_from(format!("own {}", number % 7)).unwrap();
        assert_eq!(now(file.find(&own)).unwrap(), Some(number as u64 % 7 + 1));
    }
}

#[test]
fn what_was_cleared_stays_so_and_a_hub_that_begins_is_told() {
    let disk = Simulated::new();
    let file = open(&disk);
    let other = Draft::new("b", Event::new("kept")).unwrap();
    append(&file, vec![draft("gone"), other]);
    clear(&file, "a");
    put(&file, "new");
    assert_eq!(data(&file), ["kept", "new"]);
    drop(file);
    let file = open(&disk);
    assert_eq!(data(&file), ["kept", "new"]);
    assert!(matches!(
        &items(&file)[..],
        [TailItem::Cleared { through: 2, .. }]
    ));
}

#[test]
fn files_are_removed_when_what_is_left_is_enough() {
    let disk = Simulated::new();
    let retention = Retention::default()
        .any_age()
        .count(usize::MAX)
        .bytes(3_000);
    let options = options().segment_bytes(500).retain(retention);
    let file = options
        .clone()
        .open_storage(Arc::new(disk.clone()))
        .unwrap();
    let mut tail = file.tail(0);
    for number in 0..200 {
        put(&file, &format!("{number:050}"));
    }
    let first = file.status().first;
    assert!(first > 100, "{first}");
    let bytes: usize = segments(&disk)
        .iter()
        .map(|it| shared::content(&disk, it).len())
        .sum();
    assert!((3_000..4_500).contains(&bytes), "{bytes}");
    let told = drain(&mut tail)
        .into_iter()
        .rfind(|item| matches!(item, TailItem::Trimmed { .. }));
    assert_eq!(told, Some(TailItem::Trimmed { first }));
    drop(file);
    let file = options.open_storage(Arc::new(disk.clone())).unwrap();
    assert_eq!((file.status().first, file.status().head), (first, 200));
    assert_eq!(records(&file)[0].seq, first);
}

#[test]
fn old_entries_go_also_when_nobody_publishes() {
    let disk = Simulated::new();
    let clock = Clock::manual();
    clock.set_unix_millis(shared::UNIX);
    let retention = Retention::default().age(Duration::from_secs(60));
    let options = File::options().clock(clock.clone()).retain(retention);
    let file = options.open_storage(Arc::new(disk)).unwrap();
    put(&file, "x");
    clock.advance(Duration::from_secs(60));
    file.maintain();
    assert_eq!(data(&file), ["x"]);
    clock.advance(Duration::from_secs(1));
    file.maintain();
    assert_eq!(data(&file), [""; 0]);
    assert_eq!((file.status().first, file.status().head), (2, 1));
    assert_eq!(put(&file, "y").seq, 2);
}

#[test]
fn the_last_entries_stay_however_old_and_large_if_so_many_are_to_be_kept() {
    let disk = Simulated::new();
    let clock = Clock::manual();
    clock.set_unix_millis(shared::UNIX);
    let retention = Retention::default().age(Duration::from_secs(60)).bytes(1);
    let options = File::options()
        .clock(clock.clone())
        .segment_bytes(100)
        .retain(retention.at_least(3));
    let file = options.open_storage(Arc::new(disk)).unwrap();
    for number in 0..10 {
        put(&file, &number.to_string());
    }
    clock.advance(Duration::from_secs(61));
    file.maintain();
    put(&file, "10");
    assert_eq!(data(&file), ["8", "9", "10"]);
}

#[test]
fn a_log_is_open_once_until_its_last_clone_is_gone() {
    let directory = directory("lock");
    let file = File::open(&directory).unwrap();
    let clone = file.clone();
    drop(file);
    let error = File::open(&directory).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Locked);
    assert_eq!(error.to_string(), "the log is open elsewhere");
    drop(clone);
    drop(File::open(&directory).unwrap());
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn one_that_is_just_being_closed_is_waited_for() {
    let directory = directory("closing");
    for _ in 0..20 {
        let file = File::open(&directory).unwrap();
        let closing = std::thread::spawn(move || drop(file));
        drop(File::open(&directory).unwrap());
        closing.join().unwrap();
    }
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn an_acknowledgement_by_other_machines_is_not_promised() {
    let file = open(&Simulated::new());
    let answers = now(file.append(vec![draft("x")], Ack::Replicated));
    let kind = answers[0].as_ref().unwrap_err().kind();
    assert_eq!(kind, AppendErrorKind::Unsupported);
    assert_eq!(file.capabilities().ack, Ack::Durable);
}

#[test]
fn a_log_as_it_lies_there_is_described() {
    let disk = Simulated::new();
    let options = options().segment_bytes(500);
    let file = options.open_storage(Arc::new(disk.clone())).unwrap();
    for number in 0..40 {
        put(&file, &number.to_string());
    }
    let found = Inspection::of_storage(&disk).unwrap();
    assert_eq!(found.epoch, Some(file.status().epoch));
    assert_eq!((found.first(), found.head(), found.entries()), (1, 40, 40));
    assert_eq!(found.segments.len(), segments(&disk).len());
    assert_eq!(found.damage, []);
    let second = found.segments[1].name.clone();
    let mut bytes = shared::content(&disk, &second);
    bytes[100] ^= 1;
    shared::overwrite(&disk, &second, &bytes);
    let found = Inspection::of_storage(&disk).unwrap();
    assert!(
        matches!(&found.damage[..], [(name, 1..=100)] if *name == second),
        "{:?}",
        found.damage
    );
}

/// A directory that is not there yet.
fn directory(name: &str) -> std::path::PathBuf {
    let name = format!("sse-hub-{name}-{}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    let _ = std::fs::remove_dir_all(&directory);
    directory
}
