use std::fmt::Write as _;

use super::{count, median, range, short};
use crate::{
    decoders,
    encode_rows::{RECEIVERS, Table},
    growth::Growth,
    heap::{Counts, PEAK_SIZES},
    round_trip::RoundTrip,
};

/// The tables of encoders, one per kind of event.
pub fn encode(tables: &[Table]) -> String {
    let mut text = format!(
        "ENCODING   ns per event; delivery: ns for each receiver of the same event after the first, of {};\n\
         allocations per event: to build it, to encode it, for a second receiver, for each further one\n\n",
        RECEIVERS - 1
    );
    for table in tables {
        _ = writeln!(
            text,
            "{:<25} {:>7} {:>12} {:>13} {:>11} {:>7} {:>9} {:>6} {:>7} {:>7} {:>8}",
            format!("events of the {}", table.shape.title),
            "build",
            "build+encode",
            "p10–p90",
            "÷ peer",
            "deliver",
            "a. build",
            "encode",
            "second",
            "further",
            ""
        );
        for row in &table.rows {
            let allocations = row.allocations;
            _ = writeln!(
                text,
                "  {:<23} {:>7} {:>12} {:>13} {:>11} {:>7} {:>9} {:>6} {:>7} {:>7}",
                row.name,
                short(row.build.median),
                short(row.build_and_encode.median),
                range(row.build_and_encode),
                median(row.by_best_peer),
                short(row.delivery.median),
                count(allocations.map(|a| a.build)),
                count(allocations.map(|a| a.encode)),
                count(allocations.map(|a| a.second_receiver)),
                count(allocations.map(|a| a.further_receiver)),
            );
        }
        _ = writeln!(
            text,
            "  sse-core, of events that are built: {} ({}); limit, one copy into new bytes: {} ({})\n",
            short(table.encode_built.median),
            range(table.encode_built),
            short(table.copy.median),
            range(table.copy)
        );
    }
    text
}

/// Encode, then decode what was encoded.
pub fn round_trip(trips: &[RoundTrip]) -> String {
    let mut text = String::from(
        "ROUND TRIP   encode an event that is built, decode its bytes; ns per event\n\n",
    );
    for trip in trips {
        _ = writeln!(
            text,
            "  {:<16} {:<24} {:>8} ({})",
            trip.shape.title,
            trip.name,
            short(trip.ns_per_event.median),
            range(trip.ns_per_event)
        );
    }
    text
}

/// Peak bytes per size of the one event.
pub fn peaks(counts: &Counts) -> String {
    let mut text = String::from(
        "PEAK MEMORY   MiB allocated at most while one event of that size is decoded, 16 KiB chunks;\n\
         contenders that take owned chunks are charged for them\n\n",
    );
    for contender in decoders::all() {
        if contender.role == decoders::Role::Limit {
            continue;
        }
        _ = write!(text, "  {:<24}", contender.name);
        for size in PEAK_SIZES {
            let peak = counts.peak(contender.name, size).map_or_else(
                || "skipped: quadratic".to_owned(),
                |bytes| format!("{:.2}", bytes / f64::from(1 << 20)),
            );
            _ = write!(text, "  {:>2} MiB: {peak:>7}", size >> 20);
        }
        text.push('\n');
    }
    text
}

/// Cost per byte of adversarial inputs as they grow.
pub fn growth(rows: &[Growth]) -> String {
    let mut text = String::from(
        "GROWTH   ns per KiB of an input, and of one sixteen times as long; linear: a ratio near 1\n\n",
    );
    for row in rows {
        _ = writeln!(
            text,
            "  {:<38} {:<8} {:>9} {:>9}   × {:<5} {}",
            row.input,
            row.level,
            short(row.short.median),
            short(row.long.median),
            short(row.ratio()),
            if row.is_linear() {
                "linear"
            } else {
                "SUPERLINEAR"
            }
        );
    }
    text
}
