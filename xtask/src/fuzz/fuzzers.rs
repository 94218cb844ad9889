//! The built fuzz targets.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::job::Job;
use crate::tool::host;
use crate::workspace;

/// The programs that cargo-fuzz has built of the targets.
///
/// They are run without it: an edit of the codec during a long run then changes nothing.
#[derive(Debug)]
pub(crate) struct Fuzzers {
    directory: PathBuf,
}

impl Fuzzers {
    /// Builds every target with the sanitizer and libFuzzer.
    ///
    /// # Errors
    ///
    /// One of them does not build.
    pub(crate) fn build() -> Result<Self> {
        let target = workspace::root().join("fuzz/target");
        let job = Job::cargo("+nightly fuzz build --target-dir").args([&target]);
        let built = job.limit(BUILD).run()?;
        ensure!(built.success, built.complaint());
        Ok(Self {
            directory: target.join(host()?).join("release"),
        })
    }

    /// A run of a target for some seconds, from the inputs in `seeds`, which may grow.
    ///
    /// An input that fails is kept in `found`.
    ///
    /// # Errors
    ///
    /// The directory `found` cannot be made.
    pub(crate) fn job(
        &self,
        target: &str,
        seeds: &Path,
        found: &Path,
        seconds: u64,
    ) -> Result<Job> {
        fs::create_dir_all(found)?;
        let job = Job::new(self.directory.join(target)).args([seeds]);
        let job = job.args([format!("-artifact_prefix={}/", found.display())]);
        let job = job.args([format!("-max_total_time={seconds}")]).args(RUN);
        // As cargo-fuzz sets it: the same code is linked twice on purpose.
        let job = job.env("ASAN_OPTIONS", "detect_odr_violation=0");
        Ok(job.limit(Duration::from_secs(seconds) + GRACE))
    }
}

/// Building libFuzzer and the core with the sanitizer.
const BUILD: Duration = Duration::from_secs(10 * 60);

/// The seeds are run to their end whatever the time.
const GRACE: Duration = Duration::from_secs(3 * 60);

/// A hung input is a finding, a large one is not.
const RUN: [&str; 2] = ["-timeout=20", "-rss_limit_mb=4096"];
