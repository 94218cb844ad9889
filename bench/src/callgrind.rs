//! Instructions per event, counted by valgrind in processes of their own.

use std::{env, process::Command};

use anyhow::{Context, Result, ensure};

use crate::{
    chunks::{Chunks, Supply},
    decoders,
    inputs::{Chunking, Shape},
};

/// Name of the hidden subcommand that the counted process runs.
pub const RUN_ONCE: &str = "run-once";
const INPUT: usize = 128 << 10;
const REPEATS: [u32; 2] = [2, 6];

/// Returns why nothing can be counted, if so.
pub fn missing() -> Option<String> {
    match Command::new("valgrind").arg("--version").output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("valgrind --version: {}", output.status)),
        Err(error) => Some(format!("valgrind cannot be run: {error}")),
    }
}

/// Counts what more repeats cost beyond fewer: start-up and the making of the input cancel out.
pub fn instructions(contender: &str, shape: &Shape, chunking: Chunking) -> Result<f64> {
    let [few, many] = REPEATS.map(|repeats| collected(contender, shape, chunking, repeats));
    let events = shape.build(INPUT).events as f64;
    Ok((many? - few?) / (events * f64::from(REPEATS[1] - REPEATS[0])))
}

/// Decodes as often as asked: the counted process.
pub fn run_once(args: &[String]) -> Result<()> {
    let [contender, shape, chunking, repeats] = args else {
        anyhow::bail!("{RUN_ONCE} CONTENDER SHAPE CHUNKING REPEATS");
    };
    let contender = decoders::by_name(contender).context("a contender")?;
    let shape = Shape::by_slug(shape).context("a shape")?;
    let chunking = Chunking::by_slug(chunking).context("a chunking")?;
    let input = shape.build(INPUT);
    for _ in 0..repeats.parse::<u32>()? {
        let chunks = Chunks::new(&input.bytes, chunking.size(), Supply::Shared);
        (contender.tally)(chunks);
    }
    Ok(())
}

fn collected(contender: &str, shape: &Shape, chunking: Chunking, repeats: u32) -> Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args([RUN_ONCE, contender, shape.slug, chunking.slug()])
        .arg(repeats.to_string())
        .output()?;
    let log = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "valgrind: {log}");
    log.lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
        .with_context(|| format!("no count in what valgrind printed: {log}"))
}
