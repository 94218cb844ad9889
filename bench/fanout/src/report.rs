//! What is printed and saved.

use std::{fmt::Write as _, fs, process::Command};

use serde_json::{Value, json};

use crate::{
    cores::Cores,
    results::{Row, Table},
    spread::Spread,
    targets,
};

/// Says on what machine and how it was measured.
pub fn header(cores: &Cores, rounds: usize) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").ok().and_then(|info| {
        let line = info.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let profile = if cfg!(debug_assertions) {
        "dev: NOT OPTIMISED, the figures mean nothing"
    } else {
        "release: opt-level 3, fat LTO, 1 codegen unit"
    };
    let pinned = if cores.apart {
        "server and load on a core each"
    } else {
        "server and load SHARE THE ONLY CORE: times mean little"
    };
    format!(
        "CPU: {}, Linux {}\ncompiler: {}\nprofile: {profile}\n{pinned}\n\
         figures: medians of {rounds} interleaved rounds, (least–most); \
         CPU µs, syscalls and allocs are per delivery\n",
        cpu.unwrap_or_default(),
        kernel.trim(),
        rustc.unwrap_or_default(),
    )
}

/// One scenario, a line for each server.
pub fn table(table: &Table) -> String {
    let figures = table.figures();
    let mut text = format!("{}   {}\n\n", table.scenario.to_uppercase(), table.title);
    _ = write!(text, "  {:<18}", "");
    for figure in &figures {
        _ = write!(text, " {:>WIDTH$}", figure.title());
        if figure.is_compared() {
            _ = write!(text, " {:>11} {:>7} {:>11}", "", "÷ floor", "");
        }
    }
    text.push('\n');
    for row in &table.rows {
        _ = write!(text, "  {:<18}", row.server);
        if let Some(reason) = &row.skipped {
            _ = writeln!(text, " skipped: {reason}");
            continue;
        }
        if let Some(failure) = &row.failure {
            _ = writeln!(text, " FAILED: {failure}");
            continue;
        }
        for &figure in &figures {
            let spread = row.spread(figure);
            _ = write!(text, " {:>WIDTH$}", median(spread));
            if figure.is_compared() {
                let ratio = table.by_floor(row);
                let ranges = (range(spread), range(ratio));
                _ = write!(
                    text,
                    " {:>11} {:>7} {:>11}",
                    ranges.0,
                    median(ratio),
                    ranges.1
                );
            }
        }
        text.push('\n');
    }
    text
}

/// What was asked for and what was reached.
pub fn targets(tables: &[Table]) -> String {
    let outcomes = targets::outcomes(tables);
    if outcomes.is_empty() {
        return "TARGETS   none: no server of ours was measured\n".to_owned();
    }
    let mut text = String::from("TARGETS\n\n");
    for outcome in &outcomes {
        _ = writeln!(
            text,
            "  {:<50} {:>7} {:>13}  ≤ {:<7} {}",
            outcome.what,
            short(outcome.measured.median),
            range(Some(outcome.measured)),
            short(outcome.at_most),
            if outcome.met { "met" } else { "MISSED" }
        );
    }
    let met = outcomes.iter().filter(|outcome| outcome.met).count();
    _ = writeln!(text, "\n  {met} of {} met", outcomes.len());
    text
}

/// All of it, with every round.
pub fn json(tables: &[Table]) -> String {
    let row = |row: &Row, ratio: Option<Spread>| {
        let figures = row.spreads().into_iter().map(|(figure, spread)| {
            let rounds: Vec<_> = row.rounds.iter().filter_map(|r| r.get(&figure)).collect();
            let value = json!({
                "median": spread.median, "least": spread.least, "most": spread.most,
                "rounds": rounds,
            });
            (figure.key().to_owned(), value)
        });
        json!({
            "server": row.server, "skipped": row.skipped, "failure": row.failure,
            "by_floor": ratio.map(|ratio| ratio.median),
            "figures": figures.collect::<serde_json::Map<_, _>>(),
        })
    };
    let scenarios: Vec<Value> = tables
        .iter()
        .map(|table| {
            let rows = table.rows.iter().map(|one| row(one, table.by_floor(one)));
            json!({ "scenario": table.scenario, "servers": rows.collect::<Vec<_>>() })
        })
        .collect();
    let targets: Vec<Value> = targets::outcomes(tables)
        .iter()
        .map(|outcome| {
            json!({
                "what": outcome.what, "measured": outcome.measured.median,
                "at_most": outcome.at_most, "met": outcome.met,
            })
        })
        .collect();
    format!(
        "{:#}\n",
        json!({ "scenarios": scenarios, "targets": targets })
    )
}

const WIDTH: usize = 13;

fn median(spread: Option<Spread>) -> String {
    spread.map_or_else(|| "·".to_owned(), |spread| short(spread.median))
}

fn range(spread: Option<Spread>) -> String {
    spread.map_or_else(String::new, |spread| {
        format!("({}–{})", short(spread.least), short(spread.most))
    })
}

/// About three significant figures.
fn short(figure: f64) -> String {
    match figure {
        figure if figure >= 99.95 => format!("{figure:.0}"),
        figure if figure >= 9.995 => format!("{figure:.1}"),
        figure if figure >= 0.0995 || figure == 0.0 => format!("{figure:.2}"),
        figure => format!("{figure:.4}"),
    }
}
