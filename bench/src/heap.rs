//! Allocations and peaks: counted in the `heap` process, read back in this one.

use std::{
    collections::HashMap,
    env,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use dhat::{HeapStats, Profiler};

use crate::{
    chunks::{Chunks, Supply},
    decoders::{self, Role},
    encode_rows::{self, blocks},
    encoders,
    inputs::{Chunking, Input, SHAPES, Shape},
};

/// Sizes of the single events whose decoding is watched for its peak.
pub const PEAK_SIZES: [usize; 2] = [1 << 20, 16 << 20];
/// Combinations that would take minutes, and why.
const HOPELESS: [(&str, usize); 1] = [("eventsource-stream 0.2", 16 << 20)];

/// Figures by place, as the `heap` process printed them.
#[derive(Debug, Default)]
pub struct Counts(HashMap<String, f64>);

impl Counts {
    /// Builds the `heap` binary if need be, runs it and reads its figures.
    pub fn gather() -> Result<Self> {
        let exe = env::current_exe()?;
        let folder = exe.parent().context("the program lies in a folder")?;
        let program = folder.join("heap");
        match build_heap(folder) {
            Err(error) if program.exists() => {
                eprintln!("ALLOCATIONS MAY BE OLD: {error:#}");
            }
            result => result?,
        }
        let output = Command::new(program).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "heap: {}", output.status);
        let figures = String::from_utf8(output.stdout)?
            .lines()
            .filter_map(|line| {
                let (place, figure) = line.rsplit_once('\t')?;
                Some((place.to_owned(), figure.parse().ok()?))
            })
            .collect();
        Ok(Self(figures))
    }

    /// Allocations per decoded event.
    pub fn decode(&self, contender: &str, shape: &Shape, chunking: Chunking) -> Option<f64> {
        self.get(&["decode", contender, shape.slug, chunking.slug()])
    }

    /// Peak bytes while one event of this many wire bytes is decoded.
    pub fn peak(&self, contender: &str, size: usize) -> Option<f64> {
        self.get(&["peak", contender, &size.to_string()])
    }

    pub fn encode(&self, contender: &str, shape: &Shape) -> Option<encode_rows::Allocations> {
        let get = |what| self.get(&["encode", contender, shape.slug, what]);
        Some(encode_rows::Allocations {
            build: get("build")?,
            encode: get("encode")?,
            second_receiver: get("second")?,
            further_receiver: get("further")?,
        })
    }

    fn get(&self, place: &[&str]) -> Option<f64> {
        self.0.get(&place.join("\t")).copied()
    }
}

/// Counts everything and prints it: the whole program of the `heap` process.
///
/// # Panics
///
/// If a contender loses the one event whose peak is measured.
pub fn report() {
    for shape in SHAPES {
        for &chunking in shape.chunkings {
            for contender in decoders::all() {
                // Twice as much input less once as much: what is allocated once cancels out.
                let [short, long] = [128 << 10, 256 << 10].map(|len| {
                    let input = shape.build(len);
                    let chunks = Chunks::new(&input.bytes, chunking.size(), Supply::Shared);
                    let (stats, _) = watch(|| (contender.tally)(chunks));
                    (stats.total_blocks as f64, input.events as f64)
                });
                let per_event = (long.0 - short.0) / (long.1 - short.1);
                print(
                    &["decode", contender.name, shape.slug, chunking.slug()],
                    per_event,
                );
            }
        }
    }
    for size in PEAK_SIZES {
        let input = one_event(size);
        for contender in decoders::all() {
            if contender.role == Role::Limit || HOPELESS.contains(&(contender.name, size)) {
                continue;
            }
            let chunks = Chunks::new(&input.bytes, Chunking::K16.size(), Supply::Fresh);
            let (stats, tally) = watch(|| (contender.tally)(chunks));
            assert_eq!(tally.events, 1, "{}: {size}", contender.name);
            print(
                &["peak", contender.name, &size.to_string()],
                stats.max_bytes as f64,
            );
        }
    }
    for slug in encode_rows::SHAPES {
        let shape = Shape::by_slug(slug).expect("a known shape");
        encoders_on(shape);
    }
}

fn encoders_on(shape: &Shape) {
    let blocks = blocks(shape, 64);
    let count = blocks.len() as f64;
    for contender in encoders::all() {
        let per_event = |run: &dyn Fn()| watch(run).0.total_blocks as f64 / count;
        let build = per_event(&|| (contender.build)(blocks));
        let deliver = |receivers| per_event(&|| (contender.deliver)(blocks, receivers));
        let [one, two, three] = [1, 2, 3].map(deliver);
        // All at once: what a response body costs once is spread over its events.
        let encode = per_event(&|| (contender.encode)(blocks));
        for (what, figure) in [
            ("build", build),
            ("encode", encode - build),
            ("second", two - one),
            ("further", three - two),
        ] {
            print(&["encode", contender.name, shape.slug, what], figure);
        }
    }
}

fn watch<R>(run: impl FnOnce() -> R) -> (HeapStats, R) {
    let profiler = Profiler::builder()
        .testing()
        .trim_backtraces(Some(1))
        .build();
    let result = run();
    let stats = HeapStats::get();
    drop(profiler);
    (stats, result)
}

fn one_event(wire_len: usize) -> Input {
    let mut wire = vec![b'x'; wire_len];
    wire[..6].copy_from_slice(b"data: ");
    wire[wire_len - 2..].copy_from_slice(b"\n\n");
    Input {
        bytes: Bytes::from(wire),
        events: 1,
    }
}

fn print(place: &[&str], figure: f64) {
    println!("{}\t{figure}", place.join("\t"));
}

fn build_heap(folder: &Path) -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .args(["build", "--quiet", "--bin", "heap", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    if folder.file_name().is_some_and(|name| name == "release") {
        build.arg("--release");
    }
    let target = folder.parent().context("a target folder")?;
    let status = build.arg("--target-dir").arg(target).status()?;
    ensure!(status.success(), "building heap: {status}");
    Ok(())
}
