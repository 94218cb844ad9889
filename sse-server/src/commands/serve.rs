use anyhow::Result;

use super::{logging, signals};
use crate::{
    cli::ServeOptions,
    serve::{Server, Stop},
    settings::Settings,
};

/// Serves until a signal says otherwise.
pub(super) async fn serve(options: ServeOptions) -> Result<()> {
    let settings = Settings::try_from(options)?;
    logging::begin(settings.log_level);
    let stop = Stop::new();
    signals::stop_on_signals(&stop)?;
    let warns_of_origins = settings.cors.origins.is_none();
    // A script that does not come to its end must not keep the process.
    let server = tokio::select! {
        server = Server::bind(settings) => server?,
        () = stop.asked() => return Ok(()),
    };
    signals::reload_on_hangup(server.reloader())?;
    tracing::info!("Started sse-server/{}", env!("CARGO_PKG_VERSION"));
    tracing::info!("Listening on {}", server.address());
    if let Some(admin) = server.admin_address() {
        tracing::info!("Metrics and presence on {admin}");
    }
    if warns_of_origins {
        tracing::info!("Pages of all origins may publish and subscribe: --cors-allow-origin");
    }
    server.run(stop).await?;
    Ok(())
}
