//! The recorder behind `/metrics`.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// A process has one recorder, whatever the number of its servers.
static INSTALLED: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the recorder, or returns the one that is installed; `None` if the process has another one.
pub(crate) fn install() -> Option<PrometheusHandle> {
    let install = || PrometheusBuilder::new().install_recorder().ok();
    INSTALLED.get_or_init(install).clone()
}
