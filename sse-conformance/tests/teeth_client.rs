#![forbid(unsafe_code)]
//! Every mistake planted in a client is seen by the soak, and a client without one passes.

use sse_conformance::client::{Family, Planted, run_seed};

/// So many seeds find every mistake.
const SEEDS: u64 = 50;

#[test]
fn every_mistake_is_caught_within_fifty_seeds() {
    let mut missed = Vec::new();
    for &planted in Planted::ALL {
        let runs = (0..SEEDS).flat_map(|seed| Family::ALL.map(|family| (seed, family)));
        let caught = runs
            .map(|(seed, family)| (seed + 1, run_seed(family, seed, Some(planted))))
            // A wrong request alone harms nobody yet.
            .find_map(|(seeds, found)| {
                let violation = found.err().filter(|it| it.check() != "request")?;
                Some((seeds, violation))
            });
        match caught {
            Some((seeds, violation)) => println!(
                "fault {}: reported by {} after {seeds} seeds",
                planted.name(),
                violation.check()
            ),
            None => missed.push(planted.name()),
        }
    }
    assert!(missed.is_empty(), "no seed shows {missed:?}");
}

#[test]
fn a_client_without_a_mistake_passes_seeds_of_both_families() {
    for seed in 0..5 {
        for family in Family::ALL {
            let judged = run_seed(family, seed, None);
            assert_eq!(judged, Ok(()), "seed {seed} ({})", family.name());
        }
    }
}
