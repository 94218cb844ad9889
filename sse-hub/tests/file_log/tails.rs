//! Tails that nobody has begun to read.

use std::sync::Arc;

use sse_hub::{
    Retention,
    provider::{Provider, TailItem, file::Simulated},
};

use crate::shared::{append, clear, draft, drain, open, options};

/// What a tail holds for one that does not read.
const MOST: u64 = 10_000;

fn publish(file: &sse_hub::provider::file::File, count: u64) {
    let drafts = (0..count).map(|_| draft("x")).collect();
    assert!(append(file, drafts).iter().all(Result::is_ok));
}

#[test]
fn what_a_tail_does_not_hold_is_read_from_the_disk() {
    let file = open(&Simulated::new());
    let mut tail = file.tail(0);
    let empty = file.index_bytes();
    publish(&file, MOST - 2);
    clear(&file, "a");
    clear(&file, "b");
    assert!(file.index_bytes() > empty + MOST * 64);
    publish(&file, 5);
    // What is left is where the topic's entries are.
    assert!(file.index_bytes() < empty + MOST * 8);
    publish(&file, 3);

    let (mut batches, mut other) = (Vec::new(), Vec::new());
    for item in drain(&mut tail) {
        match item {
            TailItem::Batch(records) => batches.extend(records.iter().map(|it| it.seq)),
            item => other.push(item),
        }
    }
    assert_eq!(batches, (MOST - 1..=MOST + 6).collect::<Vec<_>>());
    let (topic, through) = ("b".try_into().unwrap(), MOST - 2);
    assert_eq!(other, [TailItem::Cleared { topic, through }]);
}

#[test]
fn all_that_is_left_out_comes_in_order_and_once() {
    let file = open(&Simulated::new());
    let mut tail = file.tail(0);
    let all = 2 * MOST + 500;
    (0..all / 500).for_each(|_| publish(&file, 500));
    let mut next = 1;
    for item in drain(&mut tail) {
        let TailItem::Batch(records) = item else {
            panic!("{item:?}");
        };
        for record in records {
            assert_eq!(record.seq, next);
            next += 1;
        }
    }
    assert_eq!(next, all + 1);
}

#[test]
fn what_retention_removed_before_it_was_read_is_told_as_a_hole() {
    let disk = Simulated::new();
    let kept = Retention::default().any_age().count(2_000);
    let options = options().segment_bytes(10_000).retain(kept);
    let file = options.open_storage(Arc::new(disk)).unwrap();
    let mut tail = file.tail(0);
    (0..120).for_each(|_| publish(&file, 100));
    let first = file.status().first;
    assert!(first > MOST - 1_000, "{first}");

    let items = drain(&mut tail);
    let to = first - 1;
    assert_eq!(items[0], TailItem::Hole { from: 1, to });
    let seqs = items.iter().filter_map(|item| match item {
        TailItem::Batch(records) => Some(records.iter().map(|it| it.seq)),
        _ => None,
    });
    assert!(seqs.flatten().eq(first..=12_000));
    let trimmed = items
        .iter()
        .rfind(|item| matches!(item, TailItem::Trimmed { .. }));
    assert_eq!(trimmed, Some(&TailItem::Trimmed { first }));
}
