use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::{net::TcpListener, time::sleep};

use super::{admission::Admission, connection::Protocol};

/// Takes connections until it is dropped.
pub(super) async fn accept(
    listener: &TcpListener,
    admission: &Admission,
    protocol: &Arc<Protocol>,
    router: &Router,
    open: &GracefulShutdown,
) {
    loop {
        let (socket, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) if is_of_one_connection(&error) => continue,
            // When descriptors have run out, each accept would fail at once.
            Err(error) => {
                tracing::warn!(%error, "connections cannot be accepted");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Some(admitted) = admission.admit(address.ip()) else {
            tracing::debug!("a connection is closed: there are far too many");
            continue;
        };
        let protocol = Arc::clone(protocol);
        let (router, watcher) = (router.clone(), open.watcher());
        tokio::spawn(protocol.serve(socket, address, admitted, router, watcher));
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
