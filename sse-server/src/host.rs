//! What a script may do to the server.

use std::sync::Weak;

use sse_core::Retry;
use sse_hub::Topic;

use crate::{
    admin::listeners,
    publish::publish_one,
    script::{BoxFuture, Connection, Host, HostPublished, Publication, Routing},
    state::App,
};

/// The server as the package `sse` sees it. It does not keep the server alive.
#[derive(Debug)]
pub(crate) struct ServerHost {
    app: Weak<App>,
}

impl ServerHost {
    pub(crate) fn new(app: Weak<App>) -> Self {
        Self { app }
    }

    fn listeners(&self, topic: Option<&str>) -> Result<Vec<Connection>, String> {
        let Some(app) = self.app.upgrade() else {
            return Ok(Vec::new());
        };
        let connected = listeners(&app, topic)?;
        let connection = |it: std::sync::Arc<crate::registry::Connected>| Connection {
            id: it.name.to_string(),
            topics: it.topics.clone(),
            since_ms: it.since,
        };
        Ok(connected.into_iter().map(connection).collect())
    }
}

impl Host for ServerHost {
    fn publish(
        &self,
        publication: Publication,
        routing: Routing,
    ) -> BoxFuture<Result<HostPublished, String>> {
        let app = self.app.upgrade();
        Box::pin(async move {
            let app = app.ok_or("the server has ended")?;
            let published = publish_one(&app, &publication, routing).await?;
            Ok(HostPublished {
                id: published.id().to_string(),
                subscribers: published.subscribers,
            })
        })
    }

    fn subscribers(&self, topic: Option<String>) -> BoxFuture<Result<Vec<Connection>, String>> {
        let connections = self.listeners(topic.as_deref());
        Box::pin(async move { connections })
    }

    fn count(&self, topic: Option<String>) -> BoxFuture<Result<usize, String>> {
        let count = self.app.upgrade().map_or(Ok(0), |app| match topic {
            Some(topic) => match Topic::try_from(topic.as_str()) {
                Ok(topic) => Ok(app.hub.count(&topic)),
                Err(error) => Err(error.to_string()),
            },
            None => Ok(app.registry.len()),
        });
        Box::pin(async move { count })
    }

    fn disconnect(&self, connection: String, retry_ms: Option<u64>) -> BoxFuture<bool> {
        let app = self.app.upgrade();
        let retry = retry_ms.map(Retry::from_millis);
        let is_ended = app.is_some_and(|app| app.registry.disconnect(&connection, retry));
        Box::pin(async move { is_ended })
    }
}
