//! Bytes that are not what was written.

use std::sync::Arc;

use sse_hub::provider::{Provider, TailItem, file::*};

use crate::shared::{
    append, clear, content, data, draft, items, now, open, options, overwrite, put, segments,
};

const FIRST: &str = "00000000000000000001.log";

fn try_open(disk: &Simulated) -> Result<File, OpenError> {
    options().open_storage(Arc::new(disk.clone()))
}

fn recover(disk: &Simulated) -> File {
    let options = options().on_damage(OnDamage::Recover);
    options.open_storage(Arc::new(disk.clone())).unwrap()
}

#[test]
fn a_last_batch_that_is_cut_anywhere_is_gone_as_a_whole() {
    let disk = Simulated::new();
    let file = open(&disk);
    put(&file, "1");
    let whole = content(&disk, FIRST).len();
    append(&file, vec![draft("2"), draft("3")]);
    let marked = content(&disk, FIRST);
    drop(file);
    let mut complete = 0;
    for len in whole..marked.len() {
        let disk = disk.kill();
        overwrite(&disk, FIRST, &marked[..len]);
        let file = open(&disk);
        match data(&file).len() {
            1 => assert_eq!(complete, 0, "cut at {len}"),
            3 => complete += 1,
            other => panic!("{other} entries, cut at {len}"),
        }
        let head = file.status().head;
        assert_eq!(put(&file, "new").seq, head + 1);
        drop(file);
        assert_eq!(data(&open(&disk)).last().unwrap(), "new");
    }
    assert!(
        complete > 0,
        "the batch is whole without what says that it was synced"
    );
}

#[test]
fn a_flipped_bit_in_any_record_is_named_and_never_served() {
    let disk = Simulated::new();
    let file = open(&disk);
    append(&file, vec![draft("1"), draft("2")]);
    clear(&file, "b");
    put(&file, "3");
    let bytes = content(&disk, FIRST);
    drop(file);
    // The last 60 bytes say that what is before them was synced, and nothing else.
    for at in 0..bytes.len() - 60 {
        let disk = disk.kill();
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        overwrite(&disk, FIRST, &flipped);
        let error = match try_open(&disk) {
            Err(error) => error,
            Ok(file) => panic!("byte {at} is not missed: {:?}", data(&file)),
        };
        assert_eq!(
            (error.kind(), error.file()),
            (OpenErrorKind::Damaged, FIRST),
            "byte {at}"
        );
        let offset = error.offset().unwrap();
        assert!(
            offset <= at as u64 && at as u64 - offset < 100,
            "byte {at}: {offset}"
        );
        assert!(error.to_string().contains(FIRST));
    }
    for at in bytes.len() - 60..bytes.len() {
        let disk = disk.kill();
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        overwrite(&disk, FIRST, &flipped);
        assert_eq!(data(&open(&disk)), ["1", "2", "3"], "byte {at}");
    }
}

#[test]
fn a_flipped_bit_while_the_log_is_open_is_named_and_never_served() {
    let disk = Simulated::new();
    let file = open(&disk);
    put(&file, "1");
    let mut bytes = content(&disk, FIRST);
    let at = bytes.windows(2).rposition(|it| it == b"a\x01").unwrap();
    bytes[at] ^= 1;
    overwrite(&disk, FIRST, &bytes);
    let error = now(file.read(1, 10)).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains(FIRST), "{source}");
}

fn several(disk: &Simulated) -> Vec<String> {
    let options = options().segment_bytes(400);
    let file = options.open_storage(Arc::new(disk.clone())).unwrap();
    for number in 1..=30 {
        put(&file, &number.to_string());
    }
    segments(disk)
}

#[test]
fn an_index_that_is_damaged_or_missing_is_made_anew() {
    let disk = Simulated::new();
    let names = several(&disk);
    let index = names[1].replace(".log", ".idx");
    let good = content(&disk, &index);
    for at in 0..good.len() {
        let disk = disk.kill();
        let mut flipped = good.clone();
        flipped[at] ^= 4;
        overwrite(&disk, &index, &flipped);
        assert_eq!(data(&open(&disk)).len(), 30, "byte {at}");
        assert_eq!(content(&disk, &index), good, "byte {at}");
    }
    let disk = disk.kill();
    disk.remove(&index).unwrap();
    assert_eq!(data(&open(&disk)).len(), 30);
    assert_eq!(content(&disk, &index), good);
}

#[test]
fn sealed_segments_are_believed_by_index_and_seal_and_a_missing_one_is_named() {
    let disk = Simulated::new();
    let names = several(&disk);
    let good = content(&disk, &names[1]);
    let spoil = |at: usize| {
        let disk = disk.kill();
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        overwrite(&disk, &names[1], &bytes);
        disk
    };
    // What the index says is believed until it is read.
    let file = open(&spoil(100));
    now(file.read(1, 100)).unwrap_err();
    let error = try_open(&spoil(good.len() - 30)).unwrap_err();
    assert_eq!(error.file(), names[1]);
    let disk = disk.kill();
    disk.remove(&names[1]).unwrap();
    let error = try_open(&disk).unwrap_err();
    assert_eq!(
        (error.kind(), error.file()),
        (OpenErrorKind::Damaged, &*names[1])
    );
}

#[test]
fn recovering_goes_on_without_what_is_damaged_under_a_new_epoch() {
    let disk = Simulated::new();
    let file = open(&disk);
    for number in 1..=5 {
        put(&file, &number.to_string());
    }
    let before = file.status();
    let mut bytes = content(&disk, FIRST);
    let at = bytes
        .windows(6)
        .position(|it| it == b"\x01\x00a\x01\x00\x00")
        .unwrap();
    let at = at
        + bytes[at + 1..]
            .windows(6)
            .position(|it| it == b"\x01\x00a\x01\x00\x00")
            .unwrap()
        + 1;
    bytes[at] ^= 1;
    overwrite(&disk, FIRST, &bytes);
    let disk = disk.kill();
    assert_eq!(try_open(&disk).unwrap_err().kind(), OpenErrorKind::Damaged);
    let disk = disk.kill();
    let file = recover(&disk);
    assert_eq!(data(&file), ["1", "3", "4", "5"]);
    let status = file.status();
    assert_ne!(status.epoch, before.epoch);
    assert_eq!((status.head, status.epoch_start), (5, 6));
    let [ancestor] = &status.ancestors[..] else {
        panic!("{:?}", status.ancestors)
    };
    assert_eq!((ancestor.epoch, ancestor.fork_at), (before.epoch, 2));
    assert_eq!(items(&file), [TailItem::Hole { from: 2, to: 2 }]);
    assert_eq!(put(&file, "6").seq, 6);
    drop(file);
    // It is whole from now on, and the hole is still told.
    let file = open(&disk);
    assert_eq!(file.status().epoch, status.epoch);
    assert_eq!(items(&file), [TailItem::Hole { from: 2, to: 2 }]);
    assert_eq!(data(&file), ["1", "3", "4", "5", "6"]);
}

#[test]
fn recovering_goes_on_after_any_damage() {
    let disk = Simulated::new();
    let names = several(&disk);
    let damaged = [
        ("epoch", 5),
        (&*names[0], 3),
        (&*names[1], 20),
        (&*names[2], 100),
        (names.last().unwrap(), 2),
    ];
    for (name, at) in damaged {
        let disk = disk.kill();
        let mut bytes = content(&disk, name);
        bytes[at] ^= 1;
        overwrite(&disk, name, &bytes);
        if let Some(index) = name.strip_suffix(".log") {
            let _ = disk.remove(&format!("{index}.idx"));
        }
        let file = recover(&disk);
        let status = file.status();
        let there = data(&file).len() as u64;
        let holes = items(&file).into_iter().map(|it| match it {
            TailItem::Hole { from, to } => to - from + 1,
            other => panic!("{other:?}"),
        });
        assert_eq!(there + holes.sum::<u64>(), status.head, "{name}");
        assert_eq!(put(&file, "new").seq, status.head + 1);
        drop(file);
        assert_eq!(open(&disk).status().head, status.head + 1, "{name}");
    }
    let disk = disk.kill();
    disk.remove(&names[1]).unwrap();
    let file = recover(&disk);
    assert_eq!(file.status().head, 30);
    assert!(matches!(&items(&file)[..], [TailItem::Hole { .. }]));
}
