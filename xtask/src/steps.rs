//! The steps of `cargo xtask ci`, in their order.

mod bench_smoke;
mod clippy;
mod contract;
mod deny;
mod doc;
mod features;
mod fmt;
mod fuzz;
mod loom;
mod memory;
mod msrv;
mod no_std;
mod package;
mod stress;
mod teeth;
mod test;
mod vectors;
mod wasm;

use anyhow::Result;

use crate::report::{Options, Report};
use crate::{browser, examples, tidy};

/// A part of the checks with a name of its own.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// What a reader learns when it is ok.
    pub(crate) about: &'static str,
    pub(crate) run: fn(Options) -> Result<Report>,
}

/// All steps, the quick ones first.
pub(crate) const STEPS: &[Step] = &[
    step("fmt", "the code is formatted", fmt::run),
    step("tidy", "the house rules hold", tidy::run),
    step("clippy", "no lint fires", clippy::run),
    step("features", "every feature builds alone", features::run),
    step("test", "tests and doc tests pass", test::run),
    step("doc", "the docs build without a warning", doc::run),
    step("no-std", "the bare core links no std", no_std::run),
    step("wasm32", "the core builds for wasm32", wasm::run),
    step("msrv", "nothing needs a newer compiler", msrv::run),
    step("loom", "no order of threads loses a wake", loom::run),
    step("memory", "unsafe code survives a sanitizer", memory::run),
    step("examples", "every example runs", examples::run),
    step("browser", "Chromium reads every adapter", browser::run),
    step("vectors", "every public vector passes", vectors::run),
    step("stress", "no seed finds a fault", stress::run),
    step("contract", "scripts and clients go on", contract::run),
    step("teeth", "every planted fault is reported", teeth::run),
    step("fuzz", "no target finds anything quickly", fuzz::run),
    step("bench-smoke", "the contenders agree", bench_smoke::run),
    step("package", "what is published is complete", package::run),
    step("deny", "dependencies are allowed ones", deny::run),
];

const fn step(name: &'static str, about: &'static str, run: fn(Options) -> Result<Report>) -> Step {
    Step { name, about, run }
}
