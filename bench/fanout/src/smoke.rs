//! Every scenario in small, once: no figures, but every delivery is checked.

use anyhow::Result;

use crate::{
    cores::{Cores, raise_open_files},
    meter::Pass,
    options::Options,
    programs::{Build, Programs},
    run,
    scenarios::{self, SMOKE, Setup},
    servers::{self, Server},
};

/// Tells whether every delivery was right.
///
/// # Errors
///
/// Nothing can be built or started.
pub fn run(options: &Options) -> Result<bool> {
    raise_open_files()?;
    let cores = Cores::take()?;
    let servers: Vec<Server> = servers::ALL
        .iter()
        .filter(|server| options.wants_server(server.name))
        .copied()
        .collect();
    let mut programs = Programs::build(&servers, &[Build::Timed])?;
    programs.store = options.store;
    let (mut right, mut wrong, mut skipped) = (0, 0, Vec::new());
    for scenario in scenarios::ALL {
        if !options.wants_scenario(scenario.name) {
            continue;
        }
        let table = run::begin(scenario, &servers, &programs);
        for (row, server) in table.rows.iter().zip(&servers) {
            if let Some(reason) = &row.skipped {
                skipped.push(format!("{}: {reason}", server.name));
                continue;
            }
            let setup = Setup {
                server,
                programs: &programs,
                cores: &cores,
                sizes: &SMOKE,
                pass: Pass::Timed,
                round: 0,
            };
            match (scenario.run)(&setup) {
                Ok(_) => right += 1,
                Err(error) => {
                    println!("{}, {}: {error:#}", scenario.name, server.name);
                    wrong += 1;
                }
            }
        }
    }
    skipped.sort();
    skipped.dedup();
    for line in skipped {
        println!("skipped: {line}");
    }
    println!("{right} runs delivered everything once and in order, {wrong} did not");
    Ok(wrong == 0)
}
