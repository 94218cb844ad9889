use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{
    net::TcpListener,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    accept::accept, admission::Admission, bind::bind, connection::Protocol, open_files,
    start_error::StartError, stop::Stop,
};
use crate::{
    admin, cli_table,
    host::ServerHost,
    metrics_recorder, router,
    script::{Script, ScriptError},
    settings::{Limits, Settings},
    state::{self, App, Shared},
};

/// A server that listens; requests wait until [`run`](Self::run) takes them.
#[derive(Debug)]
pub struct Server {
    app: Shared,
    public: TcpListener,
    admin: Option<TcpListener>,
    metrics: Option<PrometheusHandle>,
}

/// How long connections are waited for that have nothing more to send.
const PATIENCE: Duration = Duration::from_secs(3);

impl Server {
    /// Loads the script, makes the hub, and listens.
    ///
    /// # Errors
    /// [`StartError`] if the script cannot be loaded or an address cannot be listened on.
    pub async fn bind(mut settings: Settings) -> Result<Self, StartError> {
        settings
            .limits
            .connections
            .get_or_insert_with(open_files::room);
        // Handles of metrics are made with the hub.
        let metrics = match settings.admin_listen {
            Some(_) => metrics_recorder::install(),
            None => None,
        };
        let hub = state::hub(&settings)?;
        let app = Arc::new(App::new(settings, hub));
        let settings = &app.settings;
        if let Some(config) = settings.script.clone() {
            let host = ServerHost::new(Arc::downgrade(&app));
            app.set_script(Script::start(config, Arc::new(host)).await?);
        }
        let limits = &settings.limits;
        let listen = |option, address| {
            bind(address, limits).map_err(|error| StartError::listen(option, address, error))
        };
        let public = listen("--listen", settings.listen)?;
        let admin = match settings.admin_listen {
            Some(address) => Some(listen("--admin-listen", address)?),
            None => None,
        };
        Ok(Self {
            app,
            public,
            admin,
            metrics,
        })
    }

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.public.local_addr().unwrap_or(self.app.settings.listen)
    }

    /// Returns where metrics and presence are.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin
            .as_ref()
            .and_then(|admin| admin.local_addr().ok())
    }

    /// Returns what reloads the script, if there is one.
    pub fn reloader(&self) -> Option<Reloader> {
        self.app.script().cloned().map(|script| Reloader { script })
    }

    /// Calls `startup`, then serves until it is stopped and its streams have ended.
    ///
    /// Stopped before `startup` has returned, it ends at once.
    ///
    /// # Errors
    /// [`StartError`] if `startup` failed.
    pub async fn run(self, stop: Stop) -> Result<(), StartError> {
        let app = Arc::clone(&self.app);
        if let Some(script) = app.script() {
            let startup = script.startup(cli_table::of(&app.settings, self.address()));
            tokio::select! {
                started = startup => started?,
                () = stop.asked() => return Ok(()),
            }
        }
        let limits = app.settings.limits.clone();
        let most = limits.connections.unwrap_or(usize::MAX);
        let cut = CancellationToken::new();
        let protocol = Arc::new(Protocol::new(limits.clone(), cut.clone()));
        let open = GracefulShutdown::new();
        let routes = router::router(&app);
        let admission = Admission::new(most, limits.clone());
        let public = accept(&self.public, &admission, &protocol, &routes, &open);
        let admin_routes = admin::router(&app, self.metrics.clone());
        let admin_admission = Admission::new(ADMIN_CONNECTIONS, without_rates(&limits));
        let admin = self.admin.as_ref();
        let admin = serve_admin(admin, &admin_admission, &protocol, &admin_routes, &open);
        tokio::select! {
            () = public => {}
            () = admin => {}
            () = cut_stalled(&app) => {}
            () = drain(&app, &stop) => {}
        }
        drop((self.public, self.admin));
        let patience = timeout(PATIENCE, open.shutdown());
        tokio::select! {
            _ = patience => {}
            () = stop.asked_again() => {}
        }
        // Whoever reads nothing, or waits for a hook, still holds its connection, and with it `unsubscribe` back.
        tracing::info!(cut = admission.open(), "all streams have ended");
        cut.cancel();
        let gone = until_none(|| admission.open() + admin_admission.open());
        let _ = timeout(PATIENCE, gone).await;
        if let Some(script) = app.script() {
            script.shutdown("stop").await;
        }
        Ok(())
    }
}

/// Operators and their collectors.
const ADMIN_CONNECTIONS: usize = 256;

/// Operators are few, and come as often as they like.
fn without_rates(limits: &Limits) -> Limits {
    Limits {
        address_connections: 0,
        address_rate: 0,
        connection_rate: 0,
        ..limits.clone()
    }
}

async fn serve_admin(
    listener: Option<&TcpListener>,
    admission: &Admission,
    protocol: &Arc<Protocol>,
    router: &Router,
    open: &GracefulShutdown,
) {
    match listener {
        Some(listener) => accept(listener, admission, protocol, router, open).await,
        None => std::future::pending().await,
    }
}

/// Cuts those who hold a stream back for good.
async fn cut_stalled(app: &App) {
    let patience = app.settings.limits.write_timeout;
    let mut ticks = interval((patience / 4).max(Duration::from_millis(50)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        app.registry.cut_stalled(patience);
    }
}

/// Waits until the server is to end, and then until its streams have.
async fn drain(app: &App, stop: &Stop) {
    stop.asked().await;
    tracing::info!(connections = app.registry.len(), "streams are being ended");
    app.begin_drain();
    let over = app.hub.shutdown(app.settings.drain);
    tokio::select! {
        () = over => {}
        () = stop.asked_again() => app.hub.shutdown(Duration::ZERO).await,
    }
    // The hub has ended all; their last bytes are on their way.
    let _ = timeout(PATIENCE, until_none(|| app.registry.len())).await;
}

async fn until_none(count: impl Fn() -> usize) {
    while count() > 0 {
        sleep(Duration::from_millis(10)).await;
    }
}

/// Loads the script of a server again.
#[derive(Clone, Debug)]
pub struct Reloader {
    script: Script,
}

impl Reloader {
    /// Loads it, and returns its generation; if that fails, the old one goes on.
    ///
    /// # Errors
    /// [`ScriptError`] says what is wrong with the new one.
    pub async fn reload(&self) -> Result<u64, ScriptError> {
        self.script.reload().await
    }
}
