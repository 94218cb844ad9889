#![forbid(unsafe_code)]
//! Providers against the rules that the trait's docs number.

use std::sync::Arc;

use sse_conformance::hub::{Candidate, Delayed, RULES};
use sse_hub::{
    Clock,
    provider::{
        Memory,
        file::{File, Simulated, Trouble},
    },
};

#[track_caller]
fn check(make: impl Fn() -> Candidate) {
    let broken = RULES.iter().filter_map(|rule| {
        let why = rule.check(&make()).err()?;
        Some(format!("{rule:?}: {why}"))
    });
    assert_eq!(broken.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_log_in_memory_keeps_the_rules() {
    check(|| Candidate {
        provider: Arc::new(Memory::new(Clock::system())),
        settle: Box::new(|| {}),
        fail: None,
        recover: None,
        lose_the_last: None,
        fork: None,
    });
}

#[test]
fn the_test_provider_keeps_the_rules() {
    check(|| {
        let log = Delayed::new(7, 1_700_000_000_000);
        let acting = |act: fn(&Delayed)| {
            let log = log.clone();
            Box::new(move || act(&log)) as Box<dyn Fn()>
        };
        Candidate {
            provider: Arc::new(log.clone()),
            settle: acting(Delayed::let_all_go),
            fail: Some(acting(Delayed::stall)),
            recover: Some(acting(Delayed::resume)),
            lose_the_last: Some(acting(|log| assert!(log.lose_the_last()))),
            fork: Some(acting(|log| log.fork(1))),
        }
    });
}

#[test]
fn the_log_in_files_keeps_the_rules() {
    check(|| {
        let disk = Simulated::new();
        let file = File::options().open_storage(Arc::new(disk.clone()));
        let suffering = |trouble: Trouble| {
            let disk = disk.clone();
            Box::new(move || disk.suffer(trouble)) as Box<dyn Fn()>
        };
        Candidate {
            provider: Arc::new(file.unwrap()),
            settle: Box::new(|| {}),
            fail: Some(suffering(Trouble::Full)),
            recover: Some(suffering(Trouble::None)),
            lose_the_last: None,
            fork: None,
        }
    });
}

#[test]
fn every_numbered_rule_has_its_check() {
    let numbers: Vec<u8> = RULES.iter().map(|rule| rule.number).collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
}
