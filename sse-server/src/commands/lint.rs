use std::{
    io::{self, Read as _},
    process::ExitCode,
};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use sse_core::{Lint, lint::Finding};
use tokio::signal::ctrl_c;

use crate::cli::LintOptions;

/// Prints each finding with line and column; there is one, and the exit code says so.
pub(super) async fn lint(options: LintOptions) -> Result<ExitCode> {
    let lint = if options.strict {
        Lint::strict()
    } else {
        Lint::spec()
    };
    let source = &*options.source;
    let mut report = Report {
        source,
        findings: 0,
    };
    let mut scan = lint.scan();
    if source.starts_with("http://") || source.starts_with("https://") {
        let mut stream = get(source).await?;
        // A stream need not end; what came until then is looked at.
        while let Some(chunk) = next(&mut stream).await? {
            scan.push(&chunk, |finding| report.print(finding));
        }
    } else {
        let bytes = match source {
            "-" => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes)?;
                bytes
            }
            path => std::fs::read(path).with_context(|| path.to_owned())?,
        };
        scan.push(&bytes, |finding| report.print(finding));
    }
    scan.finish(|finding| report.print(finding));
    Ok(match report.findings {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

async fn get(url: &str) -> Result<reqwest::Response> {
    let request = super::client()?
        .get(url)
        .header("accept", "text/event-stream");
    let response = request.send().await.with_context(|| url.to_owned())?;
    ensure!(
        response.status().is_success(),
        "{url}: {}",
        response.status()
    );
    Ok(response)
}

async fn next(response: &mut reqwest::Response) -> Result<Option<Bytes>> {
    tokio::select! {
        chunk = response.chunk() => Ok(chunk?),
        _ = ctrl_c() => Ok(None),
    }
}

struct Report<'a> {
    source: &'a str,
    findings: usize,
}

impl Report<'_> {
    fn print(&mut self, finding: Finding) {
        self.findings += 1;
        println!("{}: {finding}", self.source);
    }
}
