//! A few seeds of everything that can be done to a hub, and to a client that reads from one; a small load for the server.

use anyhow::Result;

use super::vectors::closing;
use crate::report::{Options, Report};
use crate::stress::{Provider, Size, client_job, job, server_job};

pub(crate) fn run(_options: Options) -> Result<Report> {
    let mut report = Report::new();
    let hubs = Provider::ALL.map(|provider| job(provider, 0, SEEDS));
    let others = [client_job(0, SEEDS), server_job(Size::Small)];
    for job in hubs.into_iter().chain(others) {
        let job = job.run()?;
        let part = closing(&job.text);
        let is_whole = part.passed + part.failed > 0;
        report.merge(part);
        if !job.success || !is_whole {
            report.failed = report.failed.max(1);
            report.note(job.complaint());
        }
    }
    Ok(report)
}

/// Enough for a look; a night runs thousands.
const SEEDS: u64 = 20;
