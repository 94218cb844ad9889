//! Disks that are full or fail, and machines that crash.

use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
};

use sse_hub::{
    Ack,
    provider::{AppendErrorKind, Provider, TailItem, file::*},
};

use crate::shared::{append, data, draft, now, open, options, put};

fn refusal(file: &File, text: &str) -> AppendErrorKind {
    let refused = append(file, vec![draft(text)]).remove(0);
    refused.unwrap_err().kind()
}

#[test]
fn a_full_disk_refuses_and_takes_again_when_there_is_room() {
    let disk = Simulated::new();
    let file = open(&disk);
    put(&file, "1");
    let mut tail = file.tail(1);
    disk.suffer(Trouble::Full);
    assert_eq!(refusal(&file, "never"), AppendErrorKind::Failed);
    assert_eq!(refusal(&file, "never"), AppendErrorKind::Failed);
    disk.suffer(Trouble::None);
    assert_eq!(put(&file, "2").seq, 2);
    let mut cx = Context::from_waker(Waker::noop());
    let mut next = || tail.as_mut().poll_next(&mut cx);
    assert_eq!(next(), Poll::Ready(Some(TailItem::Stalled)));
    assert_eq!(next(), Poll::Ready(Some(TailItem::Resumed)));
    assert!(matches!(next(), Poll::Ready(Some(TailItem::Batch(_)))));
    for disk in [disk.kill(), disk.lose_power(1)] {
        assert_eq!(data(&open(&disk)), ["1", "2"]);
    }
}

#[test]
fn a_log_whose_disk_has_room_again_says_so_before_anybody_publishes() {
    let disk = Simulated::new();
    let clock = sse_hub::Clock::manual();
    let options = options().clock(clock.clone());
    let file = options.open_storage(Arc::new(disk.clone())).unwrap();
    let mut tail = file.tail(0);
    let mut cx = Context::from_waker(Waker::noop());
    disk.suffer(Trouble::Full);
    assert_eq!(refusal(&file, "never"), AppendErrorKind::Failed);
    assert_eq!(
        tail.as_mut().poll_next(&mut cx),
        Poll::Ready(Some(TailItem::Stalled))
    );
    clock.advance(std::time::Duration::from_secs(2));
    file.maintain();
    assert_eq!(tail.as_mut().poll_next(&mut cx), Poll::Pending);
    disk.suffer(Trouble::None);
    clock.advance(std::time::Duration::from_secs(2));
    file.maintain();
    assert_eq!(
        tail.as_mut().poll_next(&mut cx),
        Poll::Ready(Some(TailItem::Resumed))
    );
    drop(file);
    assert_eq!(data(&open(&disk)), [""; 0]);
}

#[test]
fn a_sync_that_failed_is_never_followed_by_another_write() {
    let disk = Simulated::new();
    let file = open(&disk);
    let first = put(&file, "1");
    disk.suffer(Trouble::FailingSyncs);
    assert_eq!(refusal(&file, "perhaps"), AppendErrorKind::OutcomeUnknown);
    disk.suffer(Trouble::None);
    let operations = disk.operations();
    assert_eq!(refusal(&file, "never"), AppendErrorKind::Failed);
    assert_eq!(disk.operations(), operations);
    assert_eq!(file.status().head, first.seq);
    assert_eq!(data(&file), ["1"], "what was on the disk is served on");

    // The page cache shows what the disk does not have: it must be there before anybody sees it.
    let killed = disk.kill();
    let file = open(&killed);
    assert_eq!(data(&file), ["1", "perhaps"]);
    drop(file);
    for seed in 0..20 {
        let file = open(&killed.lose_power(seed));
        assert_eq!(data(&file), ["1", "perhaps"], "seed {seed}");
    }
    for seed in 0..20 {
        let after = data(&open(&disk.lose_power(seed)));
        assert!(after == ["1"] || after == ["1", "perhaps"], "{after:?}");
    }
}

#[test]
fn every_acknowledged_batch_has_its_own_sync() {
    let disk = Simulated::new();
    let file = open(&disk);
    let mut acknowledged = 0;
    let before = disk.syncs();
    for size in 1..10 {
        let drafts = (0..size).map(|number| draft(&number.to_string())).collect();
        let answers = append(&file, drafts);
        acknowledged += u64::from(answers.iter().all(Result::is_ok));
        assert!(disk.syncs() - before >= acknowledged);
    }
    // What came while one batch was on its way is the next batch.
    let before = disk.syncs();
    let mut waiting: Vec<_> = (0..50)
        .map(|_| file.append(vec![draft("x")], Ack::default()))
        .collect();
    file.maintain();
    assert!(waiting.iter_mut().all(|it| now(it.as_mut())[0].is_ok()));
    assert_eq!(disk.syncs() - before, 1);
}

/// Publishes until the power fails; then all that was acknowledged is there, and nothing is there by half.
#[track_caller]
fn crash(seed: u64, trouble: Trouble) -> bool {
    let disk = Simulated::new();
    let options = options().segment_bytes(700);
    let file = options
        .clone()
        .open_storage(Arc::new(disk.clone()))
        .unwrap();
    disk.suffer(trouble);
    disk.fail_after(seed % 97);
    let length = usize::try_from(seed % 800).unwrap();
    let mut acknowledged = Vec::new();
    let text = |batch: usize, part: usize| format!("{batch} {part} {}", "x".repeat(length));
    let mut asked = Vec::new();
    for batch in 0..60 {
        let parts: Vec<_> = (0..=batch % 3).map(|part| text(batch, part)).collect();
        let answers = append(&file, parts.iter().map(|it| draft(it)).collect());
        if answers.iter().all(Result::is_ok) {
            acknowledged.extend(parts.clone());
        }
        asked.extend(parts);
    }
    assert_eq!(
        file.status().head,
        acknowledged.len() as u64,
        "nothing else is seen"
    );
    drop(file);
    let disk = if seed.is_multiple_of(3) {
        disk.kill()
    } else {
        disk.lose_power(seed)
    };
    // It may crash again while it is opened.
    disk.fail_after(seed % 7);
    let opened = options.clone().open_storage(Arc::new(disk.clone()));
    let again = opened.is_err() || seed.is_multiple_of(2);
    drop(opened);
    let disk = if again {
        disk.lose_power(seed)
    } else {
        disk.kill()
    };
    let there = data(&options.open_storage(Arc::new(disk)).unwrap());
    // A batch is there as a whole or not at all.
    let known: Vec<_> = (0..60)
        .flat_map(|batch| (0..=batch % 3).map(move |part| (batch, part)))
        .collect();
    let whole = there
        .iter()
        .zip(&known)
        .all(|(it, &(batch, part))| *it == text(batch, part));
    let ends_a_batch = there
        .len()
        .checked_sub(1)
        .is_none_or(|last| known[last].1 == known[last].0 % 3);
    there.len() >= acknowledged.len() && whole && ends_a_batch
}

#[test]
fn after_a_crash_at_any_moment_everything_acknowledged_is_there_and_nothing_by_half() {
    for seed in 0..1000 {
        assert!(crash(seed, Trouble::None), "seed {seed}");
    }
}

#[test]
fn the_same_crashes_catch_a_sync_that_does_nothing() {
    assert!((0..1000).any(|seed| !crash(seed, Trouble::LyingSyncs)));
}
