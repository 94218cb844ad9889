//! What only operators see: metrics, and who is connected.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{RawQuery, State},
    routing::get,
};
use http::{HeaderValue, Response, StatusCode, header};
use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use sse_hub::Topic;

use crate::{
    answer::{Reply, json, problem},
    health,
    registry::Connected,
    state::{App, Shared},
};

/// Returns the routes of the admin listener.
pub(crate) fn router(app: &Shared, metrics: Option<PrometheusHandle>) -> Router {
    health::routes()
        .route("/presence", get(presence))
        .route(
            "/metrics",
            get(move |State(app): State<Shared>| {
                let metrics = metrics.clone();
                async move { rendered(&app, metrics.as_ref()) }
            }),
        )
        .with_state(Arc::clone(app))
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
fn rendered(app: &App, metrics: Option<&PrometheusHandle>) -> Reply {
    let Some(metrics) = metrics else {
        return problem(StatusCode::NOT_FOUND, "another recorder has the metrics");
    };
    gauge!("sse_server_connections").set(app.registry.len() as f64);
    if let Some(script) = app.script() {
        let health = script.health();
        gauge!("sse_server_script_memory_bytes").set(health.memory as f64);
        gauge!("sse_server_script_generation").set(health.generation as f64);
    }
    metrics.run_upkeep();
    let mut reply = Response::new(Body::from(metrics.render()));
    let format = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    reply.headers_mut().insert(header::CONTENT_TYPE, format);
    reply
}

#[derive(Serialize)]
struct Presence {
    topic: Option<String>,
    count: usize,
    connections: Vec<Present>,
}

#[derive(Serialize)]
struct Present {
    conn: String,
    topics: Vec<String>,
    since: u64,
    remote: IpAddr,
}

impl From<&Arc<Connected>> for Present {
    fn from(connected: &Arc<Connected>) -> Self {
        Self {
            conn: connected.name.to_string(),
            topics: connected.topics.clone(),
            since: connected.since,
            remote: connected.remote,
        }
    }
}

async fn presence(State(app): State<Shared>, RawQuery(query): RawQuery) -> Reply {
    let query = query.unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let topic = pairs.find(|(name, _)| name == "topic");
    let topic = topic.map(|(_, topic)| topic.into_owned());
    match listeners(&app, topic.as_deref()) {
        Ok(connected) => {
            let presence = Presence {
                topic,
                count: connected.len(),
                connections: connected.iter().map(Present::from).collect(),
            };
            json(StatusCode::OK, &presence)
        }
        Err(error) => problem(StatusCode::BAD_REQUEST, &error),
    }
}

/// Lists who listens to a topic, by its name or a pattern; or everybody.
pub(crate) fn listeners(app: &App, topic: Option<&str>) -> Result<Vec<Arc<Connected>>, String> {
    let Some(topic) = topic else {
        return Ok(app.registry.all());
    };
    let topic = Topic::try_from(topic).map_err(|error| error.to_string())?;
    let members = app.hub.presence(&topic);
    let names: Vec<_> = members
        .into_iter()
        .filter_map(|member| member.presence)
        .map(|presence| presence.name)
        .collect();
    Ok(app.registry.named(&names))
}
