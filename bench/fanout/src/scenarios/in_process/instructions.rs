use std::{env, hint::black_box, process::Command};

use anyhow::{Context, Result, ensure};

use super::{Engine, SseHub};

/// Name of the hidden subcommand that the counted process runs.
pub const PUBLISH_ONCE: &str = "publish-once";
/// Publications that are counted, all to the same topic.
const COUNT: usize = 2_000;

/// Publishes as often as is counted, among so many topics: the counted process.
///
/// # Errors
///
/// The number of topics is missing, or an event cannot be published.
pub fn publish_once(args: &[String]) -> Result<()> {
    let topics = args.first().context("a number of topics")?.parse()?;
    let mut engine = SseHub::new(topics)?;
    // What has its first time has it before it is counted.
    for _ in 0..COUNT {
        engine.publish(topics / 2)?;
        engine.take(topics / 2)?;
    }
    for _ in 0..COUNT {
        counted_publication(&mut engine, topics / 2)?;
        engine.take(topics / 2)?;
    }
    Ok(())
}

/// Callgrind counts while this runs, and nothing else: the hub's own thread does not count.
#[inline(never)]
fn counted_publication(engine: &mut SseHub, topic: usize) -> Result<()> {
    black_box(&mut *engine).publish(topic)
}

/// Instructions of one publication to a topic with one subscriber among so many topics.
pub(super) fn each(topics: usize) -> Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args([
            "--collect-atstart=no",
            "--toggle-collect=*counted_publication*",
        ])
        .arg(env::current_exe()?)
        .args([PUBLISH_ONCE, &topics.to_string()])
        .output()
        .context("valgrind cannot be run")?;
    let log = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "valgrind: {log}");
    let collected: f64 = log
        .lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
        .with_context(|| format!("no count in what valgrind printed: {log}"))?;
    ensure!(collected > 0.0, "nothing was counted: {log}");
    Ok(collected / COUNT as f64)
}
