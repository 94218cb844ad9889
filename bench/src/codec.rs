//! The whole measurement, in order, and its output.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, Result};

use crate::{
    callgrind,
    decode_cells::Cell,
    decoders::{self, Role},
    encode_rows::{self, Table},
    growth,
    heap::Counts,
    inputs::{Chunking, SHAPES, Shape},
    options::Options,
    report, round_trip,
    sizing::Sizes,
    targets,
};

/// Rounds for what is only compared with itself.
const FEW_ROUNDS: usize = 5;

/// Measures all that the options ask for, prints the tables and writes the files.
///
/// # Errors
///
/// A file that cannot be written. A tool that is missing is said, and its column left empty.
pub fn run(options: &Options) -> Result<()> {
    let everything = options.only.is_empty();
    progress("allocations");
    let counts = Counts::gather().unwrap_or_else(|error| {
        eprintln!("ALLOCATIONS SKIPPED: {error:#}");
        Counts::default()
    });

    let mut cells = Vec::new();
    for shape in SHAPES {
        let wanted: Vec<Chunking> = shape
            .chunkings
            .iter()
            .copied()
            .filter(|chunking| options.wants(&place(shape, *chunking)))
            .collect();
        if wanted.is_empty() {
            continue;
        }
        let sizes = Sizes::new(shape);
        for chunking in wanted {
            progress(&place(shape, chunking));
            cells.push(Cell::measure(shape, chunking, &sizes, options.rounds));
        }
    }
    for cell in &mut cells {
        for row in &mut cell.rows {
            row.allocations = counts.decode(row.contender.name, cell.shape, cell.chunking);
        }
    }
    count_instructions(&mut cells);

    let mut tables = Vec::new();
    for shape in encode_rows::SHAPES
        .iter()
        .filter_map(|slug| Shape::by_slug(slug))
    {
        if options.wants(&format!("encoding, {}", shape.title)) {
            progress(&format!("encoding, {}", shape.title));
            let mut table = Table::measure(shape, options.rounds);
            for row in &mut table.rows {
                row.allocations = counts.encode(row.name, shape);
            }
            tables.push(table);
        }
    }
    let (mut trips, mut growths) = (Vec::new(), Vec::new());
    if everything {
        progress("round trip");
        trips = round_trip::measure(options.rounds);
        progress("growth");
        growths = growth::measure(FEW_ROUNDS);
    }

    let header = report::header(options.rounds);
    let outcomes: Vec<_> = targets::all()
        .iter()
        .filter_map(|target| target.outcome(&cells))
        .collect();
    println!("{header}");
    println!("{}", report::decode(&cells));
    if !tables.is_empty() {
        println!("{}", report::encode(&tables));
    }
    if everything {
        println!("{}", report::round_trip(&trips));
        println!("{}", report::peaks(&counts));
        println!("{}", report::growth(&growths));
    }
    println!("{}", report::outcomes(&outcomes));

    if let Some(file) = &options.svg {
        fs::write(file, report::svg(&cells)).with_context(|| file.display().to_string())?;
    }
    if let Some(file) = &options.json {
        let json = report::json(&header, &cells, &outcomes, &tables, &trips, &growths);
        fs::write(file, format!("{json:#}\n")).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

/// Prints instructions per event of every decoder at 16 KiB chunks.
///
/// # Errors
///
/// What valgrind said.
pub fn instructions(options: &Options) -> Result<()> {
    if let Some(reason) = callgrind::missing() {
        println!("INSTRUCTIONS SKIPPED: {reason}");
        return Ok(());
    }
    for shape in SHAPES {
        if !options.wants(&place(shape, Chunking::K16)) {
            continue;
        }
        for contender in decoders::all() {
            let figure = callgrind::instructions(contender.name, shape, Chunking::K16)?;
            println!("{:<24} {:<24} {figure:>12.1}", shape.title, contender.name);
        }
    }
    Ok(())
}

/// Ours, the best peer and the limit at 16 KiB: valgrind takes seconds for each.
fn count_instructions(cells: &mut [Cell]) {
    if let Some(reason) = callgrind::missing() {
        eprintln!("INSTRUCTIONS SKIPPED: {reason}");
        return;
    }
    let mut failed = BTreeSet::new();
    for cell in cells
        .iter_mut()
        .filter(|cell| cell.chunking == Chunking::K16)
    {
        progress(&format!("instructions, {}", cell.shape.title));
        for row in &mut cell.rows {
            let name = row.contender.name;
            let wanted = match row.contender.role {
                Role::Borrowed | Role::Owned => true,
                Role::Peer => Some(name) == cell.best_peer,
                Role::Limit => name == decoders::SCAN_UTF8,
            };
            if wanted {
                match callgrind::instructions(name, cell.shape, cell.chunking) {
                    Ok(figure) => row.instructions = Some(figure),
                    Err(error) => _ = failed.insert(format!("{error:#}")),
                }
            }
        }
    }
    for error in failed {
        eprintln!("INSTRUCTIONS SKIPPED: {error}");
    }
}

fn place(shape: &Shape, chunking: Chunking) -> String {
    format!("{}, {} ({})", shape.title, chunking.title(), shape.slug)
}

fn progress(what: &str) {
    eprintln!("measuring: {what}");
}
