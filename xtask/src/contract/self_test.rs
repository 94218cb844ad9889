//! Each planted fault fails the row that is meant for it.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::contract::fault::{FAULTS, HONEST};
use crate::contract::{Outcome, Target, perform, row};
use crate::report::Report;

/// Tries each fault, and the same row on a front without one, which must let it pass.
///
/// # Errors
///
/// A fault names no row.
pub(crate) fn run(target: &Target) -> Result<Report> {
    let mut report = Report::new();
    for fault in FAULTS {
        let row = row(fault.row)?;
        match perform(&row, target, Some(&HONEST), HONEST_PATIENCE) {
            Outcome::Failed(why) => {
                report.fail(format!("{}: FAILED without a fault: {why}", row.id));
                continue;
            }
            Outcome::Passed | Outcome::Skipped => {}
        }
        match perform(&row, target, Some(fault), PATIENCE) {
            Outcome::Failed(why) if !why.contains(fault.complaint) => {
                report.fail(format!(
                    "fault {}: {} FAILED for another reason than {:?}: {why}",
                    fault.name, row.id, fault.complaint
                ));
            }
            Outcome::Failed(why) => {
                report.pass();
                let why = why.lines().next().unwrap_or_default().to_owned();
                report.note(format!(
                    "fault {}: reported by {}: {why}",
                    fault.name, row.id
                ));
            }
            Outcome::Passed | Outcome::Skipped => {
                report.fail(format!("fault {}: NOT reported by {}", fault.name, row.id));
            }
        }
    }
    ensure!(
        FAULTS.len() >= LEAST,
        "{} faults, fewer than {LEAST}",
        FAULTS.len()
    );
    Ok(report)
}

/// The least number of faults.
const LEAST: usize = 10;

const HONEST_PATIENCE: Duration = Duration::from_secs(20);

/// What does not come because of a fault is not waited for as long.
const PATIENCE: Duration = Duration::from_secs(5);
