//! Compares what every contender reports with what was written.

use anyhow::{Result, bail};

use crate::{
    chunks::{Chunks, Supply},
    decoders,
    encode_rows::blocks,
    encoders,
    inputs::{ALL, SHAPES, Shape},
    sink::Seen,
};

const EVENTS: usize = 40;

/// A difference that is known and explained; one that is gone is reported, too.
struct Deviation {
    contender: &'static str,
    shape: &'static str,
    reason: &'static str,
    /// Makes the expected events what this contender reports.
    apply: fn(&Shape, &mut Vec<Seen>),
}

const DECODERS: &[Deviation] = &[Deviation {
    contender: "sse-stream 0.3",
    shape: "mixed",
    reason: "reports the id of the block itself; the last event ID is left to the caller",
    apply: |shape, expected| {
        for (seen, block) in expected.iter_mut().zip(shape.blocks(EVENTS)) {
            seen.id = block.id.unwrap_or_default();
        }
    },
}];

const ENCODERS: &[Deviation] = &[Deviation {
    contender: "warp 0.4",
    shape: "large",
    reason: "writes no space after the colon, so a leading space of the data is lost",
    apply: |_, expected| {
        for seen in expected {
            seen.data = seen.data.strip_prefix(' ').unwrap_or(&seen.data).to_owned();
        }
    },
}];

/// Runs every contender on a small input of each shape.
///
/// # Errors
///
/// The first difference that is not a known one, or a known one that is no more.
pub fn run() -> Result<()> {
    let mut compared = 0;
    for shape in SHAPES {
        let (input, expected) = shape.build_with_expected(EVENTS);
        for chunking in ALL {
            let chunks = Chunks::new(&input.bytes, chunking.size(), Supply::Shared);
            for contender in decoders::all() {
                let place = format!("{}, {}, {}", contender.name, shape.title, chunking.title());
                let Some(seen) = contender.collect(chunks) else {
                    continue;
                };
                compare(&place, shape, contender.name, DECODERS, &seen, &expected)?;
                let tally = (contender.tally)(chunks);
                if tally.events != EVENTS as u64 {
                    bail!("{place}: {} events counted, not {EVENTS}", tally.events);
                }
                compared += 1;
            }
        }
        for contender in encoders::all() {
            let wire = (contender.wire)(blocks(shape, EVENTS)).into();
            let chunks = Chunks::new(&wire, usize::MAX, Supply::Shared);
            let seen = decoders::reference().collect(chunks).unwrap_or_default();
            let place = format!("{}, encoding, {}", contender.name, shape.title);
            compare(&place, shape, contender.name, ENCODERS, &seen, &expected)?;
            compared += 1;
        }
    }
    println!("{compared} outputs of {EVENTS} events compared, all as expected but for:");
    for deviation in DECODERS.iter().chain(ENCODERS) {
        println!(
            "  {:<24} {:<8} {}",
            deviation.contender, deviation.shape, deviation.reason
        );
    }
    Ok(())
}

fn compare(
    place: &str,
    shape: &Shape,
    contender: &str,
    known: &[Deviation],
    seen: &[Seen],
    expected: &[Seen],
) -> Result<()> {
    let deviation = known
        .iter()
        .find(|known| known.contender == contender && known.shape == shape.slug);
    let mut adjusted = expected.to_vec();
    if let Some(deviation) = deviation {
        (deviation.apply)(shape, &mut adjusted);
        if seen == expected {
            bail!("{place}: the known deviation is gone: {}", deviation.reason);
        }
    }
    if seen.len() != adjusted.len() {
        bail!("{place}: {} events, not {}", seen.len(), adjusted.len());
    }
    match seen
        .iter()
        .zip(&adjusted)
        .position(|(seen, expected)| seen != expected)
    {
        Some(index) => bail!(
            "{place}: event {index} is\n  {}\nand should be\n  {}",
            brief(&seen[index]),
            brief(&adjusted[index])
        ),
        None => Ok(()),
    }
}

fn brief(seen: &Seen) -> String {
    format!("{seen:?}").chars().take(300).collect()
}
