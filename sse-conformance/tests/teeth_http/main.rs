#![forbid(unsafe_code)]
//! Shows that each check of the suite can fail, with a server written by hand and one fault at a time.

#![expect(
    clippy::unwrap_used,
    clippy::format_push_string,
    reason = "the fixture is to be read beside the standard"
)]

mod answer;
mod body;
mod encoding;
mod fault;
mod http1;
mod http2;
mod server;

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use libtest_mimic::{Failed, Trial as Test};
use sse_conformance::http::{Failure, Protocol, Scale, Suite, Trial, all};

use crate::fault::{FAULTS, Fault};
use crate::server::Server;

fn main() -> ExitCode {
    let mut suite = Suite::new();
    suite.subject("by_hand", Server(Fault::None));
    suite.test(Test::test(
        "every_check_has_a_fault",
        every_check_has_a_fault,
    ));
    suite.test(Test::test(
        "no_fault_is_not_reported",
        no_fault_is_not_reported,
    ));
    for &(fault, meant) in FAULTS {
        suite.test(Test::test(
            format!("every_fault_is_reported::{fault:?}"),
            move || is_reported(fault, meant),
        ));
    }
    suite.run()
}

fn every_check_has_a_fault() -> Result<(), Failed> {
    for check in all() {
        if !FAULTS.iter().any(|(_, meant)| meant.contains(&check.name)) {
            return Err(format!("no fault is meant for {}", check.name).into());
        }
    }
    Ok(())
}

/// Shows that the small scale reports nothing by itself.
fn no_fault_is_not_reported() -> Result<(), Failed> {
    match &reports(Fault::None)?[..] {
        [] => Ok(()),
        [(protocol, name, failure), ..] => Err(format!("{name} over {protocol}: {failure}").into()),
    }
}

/// Demands that the checks meant for a fault report it.
fn is_reported(fault: Fault, meant: &[&str]) -> Result<(), Failed> {
    let reports = reports(fault)?;
    for protocol in Protocol::ALL {
        let reports = || reports.iter().filter(|(over, ..)| *over == protocol);
        for &name in meant {
            let Some((.., failure)) = reports().find(|(_, check, _)| *check == name) else {
                return Err(format!("{name} does not report it over {protocol}").into());
            };
            let others = reports().count() - meant.len();
            println!(
                "fault {fault:?}: reported by {name} over {protocol}, and by {others} others: {failure}"
            );
        }
    }
    Ok(())
}

/// Runs the whole suite against a fault, all checks at once, and returns the failures.
fn reports(fault: Fault) -> Result<Vec<(Protocol, &'static str, Failure)>, Failed> {
    let mut runs = Vec::new();
    for protocol in Protocol::ALL {
        for check in all() {
            let subject = Arc::new(Server(fault));
            let trial = Trial::new(format!("{fault:?}"), subject, protocol, Scale::SMALL);
            let run = thread::spawn(move || check.run(trial));
            runs.push((protocol, check.name, run));
        }
    }
    let mut reports = Vec::new();
    for (protocol, name, run) in runs {
        if let Err(failure) = run.join().map_err(|_| format!("{name} panicked"))? {
            reports.push((protocol, name, failure));
        }
    }
    Ok(reports)
}
