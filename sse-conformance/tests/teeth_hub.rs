#![forbid(unsafe_code)]
//! Every fault planted in a hub is seen by the oracle, and a hub without one passes.

use sse_conformance::hub::{Coverage, Engine, Fault, run_seed};

/// So many seeds find every fault.
const SEEDS: u64 = 50;

#[test]
fn every_fault_is_caught_within_fifty_seeds() {
    let mut missed = Vec::new();
    for engine in [Engine::Memory, Engine::Delayed, Engine::File] {
        for &fault in Fault::ALL.iter().filter(|it| it.applies_to(engine)) {
            let caught = (0..SEEDS).find_map(|seed| {
                let found = run_seed(engine, seed, Some(fault), &mut Coverage::default());
                Some((seed + 1, found.err()?))
            });
            match caught {
                Some((seeds, violation)) => println!(
                    "fault {}: reported by {} over {engine:?} after {seeds} seeds",
                    fault.name(),
                    violation.check()
                ),
                None => missed.push((engine, fault.name())),
            }
        }
    }
    assert!(missed.is_empty(), "no seed shows {missed:?}");
}

#[test]
fn a_hub_without_a_fault_passes_the_same_seeds() {
    for engine in [Engine::Memory, Engine::Delayed, Engine::File] {
        for seed in 0..SEEDS {
            let judged = run_seed(engine, seed, None, &mut Coverage::default());
            assert_eq!(judged, Ok(()), "{engine:?}, seed {seed}");
        }
    }
}

#[test]
fn a_fault_is_found_by_its_name() {
    for &fault in Fault::ALL {
        assert_eq!(Fault::from_name(fault.name()), Some(fault));
    }
}
