//! Seeds, one after another.

use std::{
    fmt::Write as _,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{
    coverage::Coverage,
    fault::Fault,
    oracle::{Violation, check},
    plan::Engine,
    world::World,
};

/// Runs a seed with a fault or none, and checks the record.
///
/// # Errors
/// What is wrong.
pub fn run_seed(
    engine: Engine,
    seed: u64,
    fault: Option<Fault>,
    coverage: &mut Coverage,
) -> Result<(), Violation> {
    let run = || World::new(engine, seed, fault).run();
    let record = catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Violation::new("panic", text.unwrap_or("no message"))
    })?;
    check(&record.happened(), coverage)
}

/// The last of what happened in a seed, for its reader.
pub fn tell_seed(engine: Engine, seed: u64) -> String {
    let record = World::new(engine, seed, None).run();
    let mut text = String::new();
    for happened in record.happened() {
        let _ = writeln!(text, "{happened:?}");
    }
    text
}

/// How many seeds did well, and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Seeds without a violation.
    pub passed: u64,
    /// Seeds with one; and one more if something was never exercised that must be.
    pub failed: u64,
}

/// Runs seeds from `first` on and writes what was found; the last line is `N passed, N failed`.
///
/// # Errors
/// It cannot be written.
pub fn stress(
    engine: Engine,
    first: u64,
    seeds: u64,
    out: &mut dyn io::Write,
) -> io::Result<Outcome> {
    let (mut outcome, mut coverage) = (Outcome::default(), Coverage::default());
    for seed in first..first.saturating_add(seeds) {
        match run_seed(engine, seed, None, &mut coverage) {
            Ok(()) => outcome.passed += 1,
            Err(violation) => {
                outcome.failed += 1;
                writeln!(out, "seed {seed}: {violation}")?;
            }
        }
    }
    write!(out, "{coverage}")?;
    if seeds >= ENOUGH {
        let missing: Vec<_> = applicable(engine)
            .filter(|what| coverage.count(what) == 0)
            .collect();
        if !missing.is_empty() {
            outcome.failed += 1;
            writeln!(out, "never exercised: {}", missing.join(", "))?;
        }
    }
    writeln!(out, "{} passed, {} failed", outcome.passed, outcome.failed)?;
    Ok(outcome)
}

/// From so many seeds on, everything must have occurred.
const ENOUGH: u64 = 500;

/// What runs over an engine are to exercise.
fn applicable(engine: Engine) -> impl Iterator<Item = &'static str> {
    let own = match engine {
        Engine::Memory => MEMORY,
        Engine::Delayed => DELAYED,
        Engine::File => FILE,
    };
    EVERYWHERE.iter().chain(own).copied()
}

const EVERYWHERE: &[&str] = &[
    "row R0",
    "row R1 malformed",
    "row R1 unknown",
    "row R2",
    "row R2 own id",
    "row R3",
    "row R6 rollback",
    "row R7",
    "row R8",
    "row R9",
    "row R10",
    "start latest",
    "start earliest",
    "start last",
    "start since",
    "end: slow",
    "end: drain",
    "end: kicked",
    "end: rejected while draining",
    "live gap slow",
    "live gap expired",
    "left out: replaced under its key",
    "left out: its time is over",
    "keep-alive",
    "live marker",
    "on gap fail",
    "publish: repeated key",
    "policy disconnect",
    "policy skip",
    "policy latest per key",
    "fault reader pauses",
    "fault client gone",
    "fault hub replaced",
    "fault time jumps",
    "fault topic cleared",
    "fault topics added",
    "fault topics removed",
];
const FILE: &[&str] = &[
    "began again",
    "row R5a",
    "publish: refused by the disk",
    "complete behind what others lost",
];
const MEMORY: &[&str] = &[
    "row R5a",
    "left out: retention's own rule",
    "released: too far behind",
];
const DELAYED: &[&str] = &[
    "row R4",
    "row R5b",
    "row R6 waited",
    "row R6b",
    "row R11",
    "live gap rollback",
    "fault end lost",
    "fault fork",
    "fault trim",
    "fault stall",
    "fault told late",
];
