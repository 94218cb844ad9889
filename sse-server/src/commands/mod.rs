//! What the binary does.

mod inspect;
mod lint;
mod logging;
mod publish;
mod serve;
mod signals;
mod subscribe;
mod test;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use reqwest::Client;

use crate::cli::{Cli, Task};

/// Does what the command line says.
///
/// # Errors
/// What went wrong, for the one who reads standard error.
pub fn run(cli: Cli) -> Result<ExitCode> {
    let runtime =
        |builder: &mut tokio::runtime::Builder| builder.enable_all().build().context("no runtime");
    let one = || runtime(&mut tokio::runtime::Builder::new_current_thread());
    match cli.command {
        None => {
            let runtime = runtime(&mut tokio::runtime::Builder::new_multi_thread())?;
            runtime.block_on(serve::serve(cli.serve))?;
            // What still hangs on to the runtime is not waited for.
            runtime.shutdown_background();
            Ok(ExitCode::SUCCESS)
        }
        Some(Task::Pub(options)) => one()?.block_on(publish::publish(options)),
        Some(Task::Sub(options)) => one()?.block_on(subscribe::subscribe(options)),
        Some(Task::Lint(options)) => one()?.block_on(lint::lint(options)),
        Some(Task::Test(options)) => test::test(&options),
        Some(Task::Inspect(options)) => inspect::inspect(&options),
    }
}

/// A client that waits for an answer as long as it takes: event streams do not end.
fn client() -> Result<Client> {
    let agent = concat!("sse-server/", env!("CARGO_PKG_VERSION"));
    let client = Client::builder().user_agent(agent).build();
    client.context("no HTTP client")
}
