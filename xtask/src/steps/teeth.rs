//! Faults planted in servers, codecs, hubs and clients, each reported by the check meant for it.

use std::time::Duration;

use anyhow::Result;

use crate::fuzz;
use crate::job::Job;
use crate::report::{Options, Report};
use crate::tally::tally;

pub(crate) fn run(options: Options) -> Result<Report> {
    let mut report = Report::new();
    for (what, test) in [
        ("codec", "teeth_codec"),
        ("server", "teeth_http"),
        ("hub", "teeth_hub"),
        ("client", "teeth_client"),
    ] {
        // Of the whole workspace, so that what the tests' step built serves again.
        let job = format!("test --workspace --all-features --test {test}");
        let job = Job::cargo(&job)
            .args(["--", "--nocapture"])
            .limit(LIMIT)
            .run()?;
        report.merge(tally(&job.text));
        let faults = faults(&job.text);
        report
            .notes
            .extend(faults.iter().map(|line| (*line).to_owned()));
        if !job.success {
            report.fail(job.complaint());
        } else if faults.len() < FAULTS {
            report.fail(format!(
                "{} {what} faults were reported, fewer than {FAULTS}",
                faults.len()
            ));
        }
    }
    report.merge(fuzz::planted(options)?);
    Ok(report)
}

/// The lines that tell of a fault that was reported, each fault's first.
fn faults(text: &str) -> Vec<&str> {
    let mut faults: Vec<&str> = Vec::new();
    for line in text.lines() {
        let name = |line: &str| {
            let (name, _) = line
                .trim()
                .strip_prefix("fault ")?
                .split_once(": reported by ")?;
            Some(name.to_owned())
        };
        let fresh =
            name(line).filter(|own| faults.iter().all(|&line| name(line).as_ref() != Some(own)));
        if fresh.is_some() {
            faults.push(line.trim());
        }
    }
    faults
}

/// The least number of faulty servers, of faulty codecs, of faulty hubs, and of faulty clients.
const FAULTS: usize = 10;

/// Some faults show only after a time limit of the suite.
const LIMIT: Duration = Duration::from_secs(20 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_counted_once_however_many_checks_report_it() {
        let text = "running 2 tests\nfault bom-kept: reported by vectors\n\
                    fault bom-kept: reported by properties\nfault cr-waits: reported by vectors\n\
                    fault id-lost: not reported\n";
        let expected = [
            "fault bom-kept: reported by vectors",
            "fault cr-waits: reported by vectors",
        ];
        assert_eq!(faults(text), expected);
    }
}
