//! The steps of `cargo xtask ci`, in their order.

mod clippy;
mod doc;
mod features;
mod fmt;
mod test;

use anyhow::Result;

use crate::report::{Options, Report};
use crate::{browser, examples};

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
    Step {
        name: "fmt",
        about: "the code is formatted",
        run: fmt::run,
    },
    Step {
        name: "clippy",
        about: "no lint fires",
        run: clippy::run,
    },
    Step {
        name: "features",
        about: "every feature builds alone",
        run: features::run,
    },
    Step {
        name: "test",
        about: "tests and doc tests pass",
        run: test::run,
    },
    Step {
        name: "doc",
        about: "the docs build without a warning",
        run: doc::run,
    },
    Step {
        name: "examples",
        about: "every example runs",
        run: examples::run,
    },
    Step {
        name: "browser",
        about: "Chromium reads every adapter",
        run: browser::run,
    },
];
