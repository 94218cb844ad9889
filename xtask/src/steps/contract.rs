//! The interface of tinysse on our server, and the faults that its rows must find.

use anyhow::Result;

use crate::contract::{self, Target, self_test};
use crate::report::{Options, Report};

pub(crate) fn run(_options: Options) -> Result<Report> {
    let target = Target::Program(contract::build()?);
    let mut report = contract::rows(&target, "")?;
    report.merge(self_test::run(&target)?);
    Ok(report)
}
