//! The core's tests under a sanitizer, if the core holds unsafe code.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use syn::visit::{self, Visit};

use crate::job::Job;
use crate::report::{Options, Report};
use crate::tally::tally;
use crate::tidy::tree::Tree;
use crate::tool::{has_nightly, has_part, host};
use crate::workspace::Workspace;

pub(crate) fn run(options: Options) -> Result<Report> {
    let tree = Tree::read()?;
    let blocks: usize = tree
        .rust_under("sse-core/src".as_ref())
        .map(|(_, text)| count(text))
        .sum();
    if blocks == 0 {
        let mut report = Report::passed(1);
        report.note("the core holds no unsafe code, so there is nothing to run");
        return Ok(report);
    }
    if !has_nightly(options) {
        return Ok(Report::skipped(
            "no nightly toolchain, which the sanitizer needs; --install fetches it",
        ));
    }
    let job = Job::cargo("+nightly test --package sse-core --all-features --no-fail-fast --lib");
    let job = job.args(targets()?.iter().flat_map(|name| ["--test", name]));
    // A target of its own keeps the flags from build scripts and macros.
    let job = job.args(["--target", &host()?, "--target-dir", "target/xtask/asan"]);
    let job = job.env("RUSTFLAGS", "-Zsanitizer=address");
    // A leak is no unsoundness, and a test may want a text that lives for ever.
    let job = job
        .env("ASAN_OPTIONS", "detect_leaks=0")
        .limit(LIMIT)
        .run()?;
    let mut report = tally(&job.text);
    if !job.success {
        report.failed = report.failed.max(1);
        report.note(job.complaint());
    }
    report.note(format!("address sanitizer, {blocks} unsafe blocks"));
    if has_part(Some("nightly"), "component", "miri") {
        let job = Job::cargo(
            "+nightly miri test --package sse-core --lib --target-dir target/xtask/miri",
        );
        let job = job
            .env("MIRIFLAGS", "-Zmiri-disable-isolation")
            .limit(LIMIT)
            .run()?;
        report.merge(tally(&job.text));
        if !job.success {
            report.fail(job.complaint());
        }
    } else {
        report.note("not available: Miri");
    }
    Ok(report)
}

/// The core's integration tests but those that run the compiler.
fn targets() -> Result<Vec<String>> {
    let workspace = Workspace::members_only()?;
    let core = workspace
        .members()
        .find(|package| package.name == "sse-core");
    let targets = &core.context("there is no sse-core")?.targets;
    let tests = targets
        .iter()
        .filter(|target| target.kind.iter().any(|kind| kind == "test"));
    let mut names = Vec::new();
    for target in tests {
        let text = fs::read_to_string(&target.src_path)?;
        if !COMPILING.iter().any(|word| text.contains(word)) {
            names.push(target.name.clone());
        }
    }
    Ok(names)
}

/// Counts the unsafe blocks, functions and implementations of a file.
fn count(text: &str) -> usize {
    let mut found = Unsafe(0);
    if let Ok(file) = syn::parse_file(text) {
        found.visit_file(&file);
    }
    found.0
}

struct Unsafe(usize);

impl<'ast> Visit<'ast> for Unsafe {
    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.0 += 1;
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.0 += usize::from(signature.unsafety.is_some());
        visit::visit_signature(self, signature);
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        self.0 += usize::from(block.unsafety.is_some());
        visit::visit_item_impl(self, block);
    }
}

/// Words by which a test that runs the compiler is known.
const COMPILING: [&str; 2] = ["compile_cases::", "trybuild::"];

/// Property tests are several times slower under the sanitizer.
const LIMIT: Duration = Duration::from_secs(20 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_code_is_counted_wherever_it_stands() {
        assert_eq!(count("fn a() { let b = unsafe { c() }; }"), 1);
        assert_eq!(count("unsafe fn a() { unsafe { b() } }"), 2);
        assert_eq!(count("unsafe impl Send for A {}"), 1);
        assert_eq!(
            count("// unsafe { }\nfn a() -> &'static str { \"unsafe {}\" }"),
            0
        );
    }
}
