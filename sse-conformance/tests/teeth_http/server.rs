use std::io;

use sse_conformance::http::{Notice, Profile, Route, Running, Stage, Stopping, Subject};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::answer::Application;
use crate::fault::Fault;
use crate::{http1, http2};

/// A server written by hand, without any adapter or framework, and with one fault at most.
#[derive(Debug)]
pub(crate) struct Server(pub(crate) Fault);

impl Subject for Server {
    fn profile(&self) -> Profile {
        let profile = Profile::new(&[
            Route::Compressed,
            Route::Events,
            Route::Forced,
            Route::Negotiated,
            Route::NoContent,
        ]);
        match self.0 {
            Fault::ClientMissedLate => profile.notice(|_, _| Notice::WithinKeepAlives(1)),
            _ => profile,
        }
    }

    fn start(&self, stage: Stage) -> io::Result<Running> {
        let fault = self.0;
        Running::spawn(move |listener, stopping| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                let application = Application {
                    fault,
                    stage,
                    stopping: stopping.clone(),
                };
                tokio::select! {
                    () = accept(listener, application, &stopping) => {}
                    () = stopping.torn_down() => {}
                }
            });
        })
    }
}

async fn accept(listener: TcpListener, application: Application, stopping: &Stopping) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.unwrap();
                let application = application.clone();
                connections.spawn(async move {
                    stream.set_nodelay(true).unwrap();
                    // How a connection ended shows in its scenes.
                    match http1::is_http2(&stream).await {
                        Ok(true) => drop(http2::serve(stream, application).await),
                        Ok(false) => drop(http1::serve(stream, application).await),
                        Err(_) => {}
                    }
                });
            }
            () = stopping.asked() => break,
        }
    }
    drop(listener);
    if application.fault != Fault::ShutdownCutsEveryStream {
        while connections.join_next().await.is_some() {}
    }
}
