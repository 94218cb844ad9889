use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{Method, Request};
use serde::Deserialize;
use sse_client::{Backoff, EventId, EventSource, ReconnectState};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    stream_url: String,
    callback_url: String,
    tag: Option<String>,
    initial_delay_ms: Option<u64>,
    read_timeout_ms: Option<u64>,
    last_event_id: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    method: Option<String>,
    body: Option<String>,
}

/// What to do for one stream, once it is known to be possible.
pub(crate) struct Plan {
    request: Request<Bytes>,
    pub(crate) callback_url: reqwest::Url,
    pub(crate) resume: ReconnectState,
    initial_delay: Option<Duration>,
    read_timeout: Option<Duration>,
}

impl Parameters {
    fn plan(self) -> Result<Plan> {
        if let Some(tag) = &self.tag {
            eprintln!("{tag}: {}", self.stream_url);
        }
        let mut request = Request::new(Bytes::from(self.body.unwrap_or_default()));
        *request.uri_mut() = self.stream_url.parse().context("streamUrl")?;
        let scheme = request.uri().scheme_str();
        ensure!(
            matches!(scheme, Some("http" | "https")),
            "streamUrl: neither http nor https"
        );
        if let Some(method) = self.method {
            *request.method_mut() = Method::from_bytes(method.as_bytes()).context("method")?;
        }
        for (name, value) in self.headers.unwrap_or_default() {
            let name: HeaderName = name.parse().context("headers")?;
            let value: HeaderValue = value.parse().context("headers")?;
            request.headers_mut().append(name, value);
        }
        if !request.body().is_empty() {
            let text = HeaderValue::from_static("text/plain; charset=utf-8");
            request.headers_mut().entry(CONTENT_TYPE).or_insert(text);
        }
        let id = self.last_event_id.unwrap_or_default();
        let id = EventId::try_from(id).context("lastEventId")?;
        Ok(Plan {
            request,
            callback_url: self.callback_url.parse().context("callbackUrl")?,
            resume: ReconnectState::resume(id),
            initial_delay: self.initial_delay_ms.map(Duration::from_millis),
            read_timeout: self.read_timeout_ms.map(Duration::from_millis),
        })
    }
}

impl Plan {
    pub(crate) fn read(json: &[u8]) -> Result<Self> {
        let parameters = serde_json::from_slice(json).context("parameters are missing or wrong");
        parameters.and_then(Parameters::plan)
    }

    pub(crate) fn event_source(&self, resume: ReconnectState) -> EventSource {
        let mut events = EventSource::new(self.request.clone())
            .resume(resume)
            .comments()
            // Whoever gives a body here wants it to be sent whenever it takes a connection.
            .replay_body();
        if let Some(delay) = self.initial_delay {
            events = events.backoff(Backoff::new().initial(delay));
        }
        match self.read_timeout {
            Some(timeout) if !timeout.is_zero() => events.idle_timeout(timeout),
            _ => events,
        }
    }
}
