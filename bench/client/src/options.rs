//! The command line.

use anyhow::{Context, Result, bail};

pub(crate) const USAGE: &str = "\
client [--rounds N] [--megabytes N] [--only SUBSTR]   measure (7 rounds of 1000 MB)
client smoke                                          compare what all of them read, in small";

/// What is measured, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) rounds: usize,
    pub(crate) bytes: u64,
    /// Only inputs whose name contains this.
    pub(crate) only: String,
}

impl Options {
    pub(crate) fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self {
            rounds: 7,
            bytes: 1_000_000_000,
            only: String::new(),
        };
        let mut args = args.iter();
        while let Some(name) = args.next() {
            let mut value = || args.next().with_context(|| format!("{name} needs a value"));
            let number = |text: &String| -> Result<u64> {
                let number = text.parse();
                number.with_context(|| format!("{name} takes a number"))
            };
            match name.as_str() {
                "--rounds" => options.rounds = usize::try_from(number(value()?)?)?,
                "--megabytes" => options.bytes = number(value()?)? * 1_000_000,
                "--only" => options.only.clone_from(value()?),
                _ => bail!("unknown option {name}\n{USAGE}"),
            }
        }
        if options.rounds == 0 || options.bytes == 0 {
            bail!("nothing would be measured");
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Options> {
        Options::parse(&args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_gigabyte_in_seven_rounds_is_the_default() {
        let options = parse(&[]).unwrap();
        assert_eq!((options.rounds, options.bytes), (7, 1_000_000_000));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for args in [
            &["--rounds"][..],
            &["--rounds", "0"],
            &["--megabytes", "x"],
            &["--fast"],
        ] {
            assert!(parse(args).is_err(), "{args:?}");
        }
    }
}
