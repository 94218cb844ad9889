//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

pub const USAGE: &str = "\
fanout [--rounds N] [--only SUBSTR] [--servers SUBSTR] [--json FILE] [--store memory|file] [--report-only]
       measure (5 rounds); a target that is missed is a failure, unless only a report is wanted
fanout smoke [--only SUBSTR] [--servers SUBSTR]                                         check every delivery of small runs";

/// What is measured, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub rounds: usize,
    pub json: Option<PathBuf>,
    /// Where our own servers keep their history.
    pub store: Store,
    /// Whether a target that is missed is no failure.
    pub report_only: bool,
    /// Only scenarios whose name contains this.
    pub only: String,
    /// Only servers whose name contains one of these; the floor runs always.
    pub servers: Vec<String>,
}

/// Where servers keep what clients resume from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Store {
    #[default]
    Memory,
    /// A directory of its own for each that is started.
    File,
}

impl Options {
    /// # Errors
    ///
    /// An option that is unknown or lacks its value.
    pub fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self {
            rounds: 5,
            json: None,
            store: Store::Memory,
            report_only: false,
            only: String::new(),
            servers: Vec::new(),
        };
        let mut args = args.iter();
        while let Some(name) = args.next() {
            let mut value = || args.next().with_context(|| format!("{name} needs a value"));
            match name.as_str() {
                "--rounds" => {
                    options.rounds = value()?.parse().context("--rounds takes a number")?;
                }
                "--report-only" => options.report_only = true,
                "--json" => options.json = Some(value()?.into()),
                "--only" => options.only.clone_from(value()?),
                "--servers" => {
                    options.servers = value()?.split(',').map(str::to_owned).collect();
                }
                "--store" => match value()?.as_str() {
                    "memory" => options.store = Store::Memory,
                    "file" => options.store = Store::File,
                    store => bail!("no store {store}: the servers have `memory` and `file`"),
                },
                _ => bail!("unknown option {name}\n{USAGE}"),
            }
        }
        if options.rounds == 0 {
            bail!("--rounds must be at least 1");
        }
        Ok(options)
    }

    pub fn wants_scenario(&self, name: &str) -> bool {
        name.contains(&self.only)
    }

    pub fn wants_server(&self, name: &str) -> bool {
        self.servers.is_empty() || self.servers.iter().any(|part| name.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(
            &line
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn five_rounds_of_everything_are_the_default() {
        let options = parse("").unwrap();
        assert_eq!((options.rounds, options.report_only), (5, false));
        assert!(parse("--report-only").unwrap().report_only);
        assert!(options.wants_scenario("flat") && options.wants_server("nchan"));
    }

    #[test]
    fn several_servers_are_named_with_commas() {
        let options = parse("--servers axum,nchan --only idle").unwrap();
        assert!(options.wants_server("peer_axum") && options.wants_server("nchan"));
        assert!(!options.wants_server("fanout_hyper") && !options.wants_scenario("flat"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in ["--rounds", "--rounds 0", "--store redis", "--fast"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
