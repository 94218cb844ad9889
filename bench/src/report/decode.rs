use std::fmt::Write as _;

use super::{count, median, optional, range, short};
use crate::{decode_cells::Cell, decoders, targets::Outcome};

/// The table of decoders: a block of rows per input and chunking.
pub fn decode(cells: &[Cell]) -> String {
    let mut text = String::new();
    _ = writeln!(
        text,
        "DECODING   ÷ peer: speed divided by that of the best peer in the block; ÷ limit: by that of {:?};\n\
         allocs: allocations and reallocations per event; instr: instructions per event\n",
        decoders::SCAN_UTF8
    );
    for cell in cells {
        _ = writeln!(
            text,
            "{:<25} {:>6} {:>11} {:>9} {:>15} {:>8} {:>8} {:>7} {:>12} {:>8}",
            format!("{}, {}", cell.shape.title, cell.chunking.title()),
            "GB/s",
            "p10–p90",
            "ns/event",
            "p10–p90",
            "instr",
            "allocs",
            "÷ peer",
            "p10–p90",
            "÷ limit"
        );
        for row in &cell.rows {
            let name = row.contender.name;
            let marked = if Some(name) == cell.best_peer {
                format!("{name} *")
            } else {
                name.to_owned()
            };
            match &row.timing {
                Err(reason) => _ = writeln!(text, "  {marked:<23} {reason}"),
                Ok(timing) => {
                    let note = timing
                        .reduced_to
                        .map_or_else(String::new, |kib| format!("  on {kib} KiB"));
                    _ = writeln!(
                        text,
                        "  {marked:<23} {:>6} {:>11} {:>9} {:>15} {:>8} {:>8} {:>7} {:>12} {:>8}{note}",
                        short(timing.gb_per_s.median),
                        range(timing.gb_per_s),
                        short(timing.ns_per_event.median),
                        range(timing.ns_per_event),
                        optional(row.instructions),
                        count(row.allocations),
                        median(timing.by_best_peer),
                        timing.by_best_peer.map_or_else(String::new, range),
                        median(timing.by_limit),
                    );
                }
            }
        }
        text.push('\n');
    }
    text.push_str(
        "* best peer of the block; \"on N KiB\": given less input, because it is slow there\n",
    );
    text
}

/// Each target beside what was measured.
pub fn outcomes(outcomes: &[Outcome]) -> String {
    let mut text = String::from("TARGETS    the median decides\n\n");
    for outcome in outcomes {
        _ = writeln!(
            text,
            "  {:<58} {:>6} ({:>11})   ≥ {:<4} {}",
            outcome.what,
            short(outcome.measured.median),
            range(outcome.measured),
            outcome.at_least,
            if outcome.met { "met" } else { "missed" }
        );
    }
    let met = outcomes.iter().filter(|outcome| outcome.met).count();
    _ = writeln!(text, "\n  {met} of {} met", outcomes.len());
    text
}
