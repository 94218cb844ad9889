//! Every scenario with every server, in turn.

use std::fs;

use anyhow::Result;

use crate::{
    cores::{Cores, raise_open_files},
    meter::Pass,
    options::Options,
    process::missing,
    programs::{Build, Programs},
    report,
    results::{Row, Table},
    scenarios::{self, FULL, Needs, Scenario, Setup},
    servers::{self, FLOOR, Server},
    targets,
};

/// Measures, prints and saves; tells whether every delivery was right and every target met.
///
/// # Errors
///
/// Nothing can be built or started. What a server does wrong is printed instead.
pub fn run(options: &Options) -> Result<bool> {
    raise_open_files()?;
    let cores = Cores::take()?;
    let servers: Vec<_> = servers::ALL
        .iter()
        .filter(|server| server.name == FLOOR || options.wants_server(server.name))
        .copied()
        .collect();
    let servers = if options.only == "inprocess" {
        Vec::new()
    } else {
        servers
    };
    let mut programs = Programs::build(&servers, &[Build::Timed, Build::Counting])?;
    programs.store = options.store;
    println!("{}", report::header(&cores, options.rounds));
    let (mut tables, mut met) = (Vec::new(), true);
    for scenario in scenarios::ALL {
        if options.wants_scenario(scenario.name) {
            let mut table = begin(scenario, &servers, &programs);
            measure(&mut table, scenario, &servers, &programs, &cores, options);
            println!("{}", report::table(&table));
            tables.push(table);
        }
    }
    if options.wants_scenario("inprocess") {
        eprintln!("inprocess");
        let (text, is_met) = scenarios::in_process::report()?;
        println!("{text}");
        met &= is_met;
    }
    println!("{}", report::targets(&tables));
    met &= targets::outcomes(&tables).iter().all(|outcome| outcome.met);
    if let Some(path) = &options.json {
        fs::write(path, report::json(&tables))?;
    }
    let mut failures = tables.iter().flat_map(|table| &table.rows);
    Ok(failures.all(|row| row.failure.is_none()) && (met || options.report_only))
}

/// A row for each server, with the reason if it cannot take part.
pub(crate) fn begin(scenario: &Scenario, servers: &[Server], programs: &Programs) -> Table {
    let row = |server: &Server| Row {
        server: server.name,
        skipped: missing(server, programs, Build::Timed).or_else(|| {
            let reason = match scenario.needs {
                Needs::Delivery => None,
                Needs::Topics => server.one_topic,
                Needs::Resume => server.no_resume,
                Needs::Reconnection => server.no_reconnection(),
            };
            reason.map(str::to_owned)
        }),
        ..Row::default()
    };
    Table {
        scenario: scenario.name,
        title: scenario.title,
        rows: servers.iter().map(row).collect(),
    }
}

fn measure(
    table: &mut Table,
    scenario: &Scenario,
    servers: &[Server],
    programs: &Programs,
    cores: &Cores,
    options: &Options,
) {
    let setup = |server, pass, round| Setup {
        server,
        programs,
        cores,
        sizes: &FULL,
        pass,
        round,
    };
    for round in 0..options.rounds {
        eprintln!(
            "{} round {} of {}",
            scenario.name,
            round + 1,
            options.rounds
        );
        for turn in 0..servers.len() {
            // A different one starts each round: none is always the first after another.
            let index = (turn + round) % servers.len();
            let row = &mut table.rows[index];
            if row.skipped.is_some() || row.failure.is_some() {
                continue;
            }
            match (scenario.run)(&setup(&servers[index], Pass::Timed, round)) {
                Ok(sample) => row.rounds.push(sample),
                Err(error) => fail(row, &error),
            }
        }
    }
    if !scenario.is_counted {
        return;
    }
    eprintln!("{} counting", scenario.name);
    for (row, server) in table.rows.iter_mut().zip(servers) {
        for pass in [Pass::SystemCalls, Pass::Allocations] {
            let cannot =
                pass == Pass::Allocations && missing(server, programs, Build::Counting).is_some();
            if cannot || row.skipped.is_some() || row.failure.is_some() {
                continue;
            }
            match (scenario.run)(&setup(server, pass, 0)) {
                Ok(sample) => row.counted.extend(sample),
                Err(error) => fail(row, &error),
            }
        }
    }
}

fn fail(row: &mut Row, error: &anyhow::Error) {
    eprintln!("{} FAILED: {error:#}", row.server);
    row.failure = Some(format!("{error:#}"));
}
