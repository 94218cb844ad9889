use std::time::Duration;

use serde_json::{Value, json};
use sse_client::Received;
use tokio::sync::mpsc;

/// Where what happens on a stream goes.
#[derive(Clone)]
pub(crate) struct Tell(pub(crate) mpsc::UnboundedSender<Value>);

impl Tell {
    pub(crate) fn event(&self, received: &Received) {
        let event = json!({
            "type": received.event_type(),
            "data": received.data(),
            "id": received.last_event_id.as_str(),
        });
        self.tell(json!({ "kind": "event", "event": event }));
    }

    pub(crate) fn comment(&self, text: &str) {
        self.tell(json!({ "kind": "comment", "comment": text }));
    }

    pub(crate) fn error(&self, error: impl Into<anyhow::Error>) {
        let error = error.into();
        self.tell(json!({ "kind": "error", "error": format!("{error:#}") }));
    }

    fn tell(&self, report: Value) {
        // Nobody listens only when everything ends.
        let _ = self.0.send(report);
    }
}

/// Posts what happens, one by one, each under its number.
pub(crate) async fn report(
    client: reqwest::Client,
    callback_url: reqwest::Url,
    mut reports: mpsc::UnboundedReceiver<Value>,
) {
    let base = callback_url.as_str().trim_end_matches('/');
    let mut number = 0_u64;
    while let Some(report) = reports.recv().await {
        number += 1;
        let post = client.post(format!("{base}/{number}"));
        let sent = post.timeout(PATIENCE).json(&report).send().await;
        if let Err(error) = sent {
            eprintln!("{report} cannot be told: {error}");
        }
    }
}

/// How long the one who is told may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
