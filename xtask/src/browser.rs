//! Headless Chromium against every adapter, every example page and the server.

mod adapters;
mod chromium;
mod cut;
mod pages;
mod standalone;

use anyhow::{Context as _, Result, ensure};
use tokio::runtime::Runtime;

use crate::contract;
use crate::job::Job;
use crate::report::{Options, Report};
use crate::tool::Tool;
use chromium::Chromium;

/// Runs the adapters' scenarios and looks at the examples' pages.
///
/// # Errors
///
/// The browser cannot be driven.
pub(crate) fn run(options: Options) -> Result<Report> {
    let Some(browser) = Tool::Chromium.find(options)? else {
        return Ok(Report::skipped(Tool::Chromium.missing()));
    };
    let Some(driver) = Tool::Chromedriver.find(options)? else {
        return Ok(Report::skipped(Tool::Chromedriver.missing()));
    };
    for what in BUILT {
        let job = Job::cargo(&format!("build --quiet --package {what}")).run()?;
        ensure!(job.success, job.complaint());
    }
    contract::build()?;
    Runtime::new().context("tokio")?.block_on(async {
        let chromium = Chromium::start(&browser, &driver).await?;
        let second = Chromium::start(&browser, &driver).await?;
        let report = look(&chromium, &second).await;
        chromium.close().await?;
        second.close().await?;
        report
    })
}

async fn look(chromium: &Chromium, second: &Chromium) -> Result<Report> {
    let mut report = adapters::run(chromium).await?;
    report.merge(pages::run(chromium, second).await?);
    report.merge(standalone::run(chromium).await?);
    Ok(report)
}

/// What must not be compiled while a page waits for it.
const BUILT: [&str; 2] = ["examples --bins", "xtask --features scenes --bin scenes"];
