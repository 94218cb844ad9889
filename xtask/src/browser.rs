//! Headless Chromium against every adapter and every example page.

mod adapters;
mod chromium;
mod pages;

use anyhow::{Context as _, Result};
use tokio::runtime::Runtime;

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
    Runtime::new().context("tokio")?.block_on(async {
        let chromium = Chromium::start(&browser, &driver).await?;
        let report = look(&chromium).await;
        chromium.close().await?;
        report
    })
}

async fn look(chromium: &Chromium) -> Result<Report> {
    let mut report = adapters::run(chromium).await?;
    report.merge(pages::run(chromium).await?);
    Ok(report)
}
