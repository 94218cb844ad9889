//! What a server writes to its log.

use std::{
    collections::BTreeSet,
    env,
    io::{BufRead as _, BufReader},
    process::ChildStderr,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

/// The subscriptions that a log has named as lagging.
#[derive(Clone, Debug, Default)]
pub(crate) struct Warnings(Arc<Mutex<BTreeSet<u64>>>);

impl Warnings {
    /// Reads a log until its end; with the variable `FANOUT_LOG` it is passed on.
    pub(crate) fn of(log: ChildStderr) -> Self {
        let warnings = Self::default();
        let read = warnings.clone();
        let is_passed_on = env::var_os("FANOUT_LOG").is_some();
        thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                if is_passed_on {
                    eprintln!("{line}");
                }
                let mut named = read.0.lock().unwrap_or_else(PoisonError::into_inner);
                named.extend(lagging(&line));
            }
        });
        warnings
    }

    /// How many subscriptions were named.
    pub(crate) fn named(&self) -> usize {
        let named = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        named.len()
    }
}

/// The subscription that a line names as lagging.
fn lagging(line: &str) -> Option<u64> {
    if !line.contains("a subscription is lagging") {
        return None;
    }
    let (_, number) = line.split_once("subscription=")?;
    number.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lagging_subscription_is_known_by_its_number() {
        let line = "WARN sse_hub::telemetry: a subscription is lagging namespace=\"\" subscription=17 name=\"\" entries=3";
        assert_eq!(lagging(line), Some(17));
        assert_eq!(lagging("WARN entries are missing subscription=17"), None);
    }
}
