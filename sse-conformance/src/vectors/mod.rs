//! Runs vector files: one JSON object a line, in any of the four formats of the conformance corpus.
//!
//! The format of a line is told from its keys, so that any file may hold any mixture.

mod chunking;
mod decode;
mod diff;
mod encode;
mod expression;
mod format;
mod reconnect;

use std::{
    fs,
    io::{self, Write},
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use self::format::Vector;
use crate::codec::{Codec, Real};

/// How many vectors passed and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Vectors that hold for every codec, chunking and limit.
    pub passed: usize,
    /// Vectors that do not, lines that are no vector, and files that are empty or cannot be read.
    pub failed: usize,
}

/// Runs files against both levels of `sse_core`; writes each failure and, last, `N passed, N failed`.
///
/// # Errors
///
/// Only if `out` cannot be written to.
pub fn run_files<P: AsRef<Path>>(paths: &[P], out: &mut dyn Write) -> io::Result<Tally> {
    let tally = run_against(&[&Real::Owned, &Real::Borrowed], paths, out)?;
    writeln!(out, "{} passed, {} failed", tally.passed, tally.failed)?;
    Ok(tally)
}

/// Runs files against any codecs; writes each failure.
///
/// # Errors
///
/// Only if `out` cannot be written to.
pub fn run_against<P: AsRef<Path>>(
    codecs: &[&dyn Codec],
    paths: &[P],
    out: &mut dyn Write,
) -> io::Result<Tally> {
    let mut tally = Tally::default();
    for path in paths {
        let path = path.as_ref();
        let failures = match fs::read_to_string(path) {
            Err(error) => vec![format!("cannot be read: {error}")],
            Ok(text) => {
                let lines: Vec<(usize, &str)> = (1..)
                    .zip(text.lines())
                    .filter(|(_, line)| !line.trim().is_empty())
                    .collect();
                let failures = run_lines(codecs, &lines);
                tally.passed += lines.len() - failures.len();
                if lines.is_empty() {
                    vec!["holds no vector".to_owned()]
                } else {
                    failures
                }
            }
        };
        tally.failed += failures.len();
        for failure in failures {
            writeln!(out, "FAILED {}: {failure}", path.display())?;
        }
    }
    Ok(tally)
}

/// Runs lines on all cores; the failures come back in the order of the lines.
fn run_lines(codecs: &[&dyn Codec], lines: &[(usize, &str)]) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut failures = Vec::new();
        while let Some((number, line)) = lines.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(failure) = run_line(codecs, line) {
                failures.push((*number, format!("line {number}: {failure}")));
            }
        }
        failures
    };
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(lines.len());
    let mut failures: Vec<(usize, String)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("vectors never panic"))
            .collect()
    });
    failures.sort();
    failures.into_iter().map(|(_, failure)| failure).collect()
}

fn run_line(codecs: &[&dyn Codec], line: &str) -> Result<(), String> {
    let (name, vector) = Vector::read(line)?;
    for codec in codecs {
        let run = || match &vector {
            Vector::Decode(vector) => decode::run(*codec, vector),
            Vector::Encode(vector) => encode::run(*codec, vector),
            Vector::Reconnect(vector) => reconnect::run(*codec, vector),
        };
        // A panic is a failure of this vector, not of the run.
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
            .unwrap_or_else(|panic| Err(format!("panicked: {}", text_of(panic.as_ref()))))
            .map_err(|failure| format!("{name}: {}, {failure}", codec.name()))?;
    }
    Ok(())
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text")
}
