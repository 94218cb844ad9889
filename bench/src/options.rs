//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

pub const USAGE: &str = "\
bench codec [--rounds N] [--only SUBSTR] [--svg FILE] [--json FILE]   measure and print (15 rounds)
bench instructions [--only SUBSTR]                                   instructions per event alone
bench smoke                                                          compare the outputs, quickly";

/// Options of the commands that measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub rounds: usize,
    pub svg: Option<PathBuf>,
    pub json: Option<PathBuf>,
    /// Only inputs whose name, or `name, chunking`, contains this.
    pub only: String,
}

impl Options {
    /// # Errors
    ///
    /// An option that is unknown or lacks its value.
    pub fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self {
            rounds: 15,
            svg: None,
            json: None,
            only: String::new(),
        };
        let mut args = args.iter();
        while let Some(name) = args.next() {
            let mut value = || args.next().with_context(|| format!("{name} needs a value"));
            match name.as_str() {
                "--rounds" => {
                    options.rounds = value()?.parse().context("--rounds takes a number")?;
                }
                "--svg" => options.svg = Some(value()?.into()),
                "--json" => options.json = Some(value()?.into()),
                "--only" => options.only.clone_from(value()?),
                _ => bail!("unknown option {name}\n{USAGE}"),
            }
        }
        if options.rounds == 0 {
            bail!("--rounds must be at least 1");
        }
        Ok(options)
    }

    pub fn wants(&self, what: &str) -> bool {
        what.contains(&self.only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Options> {
        Options::parse(&args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn fifteen_rounds_of_everything_are_the_default() {
        let options = parse(&[]).unwrap();
        assert_eq!(options.rounds, 15);
        assert!(options.wants("ticks, 64 B"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for args in [
            &["--rounds"][..],
            &["--rounds", "0"],
            &["--fast"],
            &["--rounds", "x"],
        ] {
            assert!(parse(args).is_err(), "{args:?}");
        }
    }
}
