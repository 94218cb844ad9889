//! The command line that every measured server understands.

use std::{env, net::SocketAddr};

use anyhow::{Context, Result, bail};

/// Where a peer listens and how much it holds.
#[derive(Clone, Debug)]
pub struct Arguments {
    pub listen: SocketAddr,
    /// Events that a subscriber may be behind.
    pub retain: usize,
    /// Options without a value, of those that the peer named.
    pub flags: Vec<String>,
}

impl Arguments {
    /// Reads the arguments of this process.
    ///
    /// # Errors
    ///
    /// An option that is unknown or lacks its value.
    pub fn of_process(flags: &[&str]) -> Result<Self> {
        Self::parse(env::args().skip(1), flags)
    }

    fn parse(args: impl IntoIterator<Item = String>, flags: &[&str]) -> Result<Self> {
        let mut arguments = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            retain: 1024,
            flags: Vec::new(),
        };
        let mut args = args.into_iter();
        while let Some(name) = args.next() {
            let mut value = || args.next().with_context(|| format!("{name} needs a value"));
            match name.as_str() {
                "--listen" => arguments.listen = value()?.parse()?,
                "--retain" => arguments.retain = value()?.parse()?,
                flag if flags.contains(&flag) => arguments.flags.push(name),
                _ => bail!("unknown option {name}"),
            }
        }
        Ok(arguments)
    }

    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|given| given == flag)
    }
}

/// The topic that a query names, or the default one.
pub fn topic_of(query: Option<&str>) -> &str {
    query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .find_map(|pair| pair.strip_prefix("topic="))
        .unwrap_or("default")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments> {
        Arguments::parse(line.split_whitespace().map(str::to_owned), &["--log"])
    }

    #[test]
    fn a_peer_listens_on_a_port_of_the_systems_choice_by_default() {
        let arguments = parse("--retain 7 --log").unwrap();
        assert_eq!(arguments.listen.port(), 0);
        assert_eq!(arguments.retain, 7);
        assert!(arguments.has("--log"));
    }

    #[test]
    fn unknown_options_are_refused() {
        assert!(parse("--stock").is_err() && parse("--retain").is_err());
    }

    #[test]
    fn a_query_without_a_topic_means_the_default_one() {
        assert_eq!(topic_of(Some("a=b&topic=t7")), "t7");
        assert_eq!(topic_of(Some("a=b")), "default");
        assert_eq!(topic_of(None), "default");
    }
}
