use bytestring::ByteString;
use metrics::{Counter, Gauge, counter, gauge};

use crate::{listeners::Listener, log::LogBytes};

/// What one namespace tells `metrics` and `tracing`.
///
/// The handles are made with the namespace, so a recorder must be installed before; without one each is a no-op.
pub(crate) struct Telemetry {
    namespace: String,
    pub(crate) published: Counter,
    pub(crate) delivered: Counter,
    pub(crate) refused: Counter,
    pub(crate) subscribers: Gauge,
    retained: Gauge,
    pinned: Gauge,
    index: Gauge,
    lag: Gauge,
}

impl Telemetry {
    pub(crate) fn new(namespace: &ByteString) -> Self {
        let label = || namespace.to_string();
        Self {
            published: counter!("sse_hub_published_total", "namespace" => label()),
            delivered: counter!("sse_hub_delivered_total", "namespace" => label()),
            refused: counter!("sse_hub_refused_total", "namespace" => label()),
            subscribers: gauge!("sse_hub_subscribers", "namespace" => label()),
            retained: gauge!("sse_hub_retained_bytes", "namespace" => label()),
            pinned: gauge!("sse_hub_pinned_bytes", "namespace" => label()),
            index: gauge!("sse_hub_index_bytes", "namespace" => label()),
            lag: gauge!("sse_hub_lag_entries", "namespace" => label()),
            namespace: label(),
        }
    }

    pub(crate) fn lagging(
        &self,
        listener: &Listener,
        entries: u64,
        bytes: u64,
        policy: &'static str,
    ) {
        let name = listener
            .presence
            .as_ref()
            .map_or("", |presence| &presence.name);
        let (namespace, subscription) = (&*self.namespace, listener.id);
        tracing::warn!(
            namespace,
            subscription,
            name,
            entries,
            bytes,
            policy,
            "a subscription is lagging"
        );
        counter!("sse_hub_lagging_total", "namespace" => self.namespace.clone(), "policy" => policy).increment(1);
    }

    pub(crate) fn gap(&self, reason: &str) {
        counter!("sse_hub_gaps_total", "namespace" => self.namespace.clone(), "reason" => reason.to_owned()).increment(1);
    }

    pub(crate) fn resumed(&self, result: &str) {
        counter!("sse_hub_resumes_total", "namespace" => self.namespace.clone(), "result" => result.to_owned()).increment(1);
    }

    /// How many entries the subscription has yet to take that is most behind.
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    pub(crate) fn most_behind(&self, entries: u64) {
        self.lag.set(entries as f64);
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    pub(crate) fn bytes(&self, bytes: LogBytes) {
        self.retained.set(bytes.retained as f64);
        self.pinned.set(bytes.pinned as f64);
        self.index.set(bytes.index as f64);
    }
}
