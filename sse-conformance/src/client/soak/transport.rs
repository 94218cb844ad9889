use std::sync::Arc;

use sse_client::{HyperTransport, ReqwestTransport, Transport};

use super::hub_server::Wire;
use crate::hub::Dice;

/// Makes one of the transports that are shipped, for what the server speaks.
pub(super) fn transport(wire: Wire, dice: &mut Dice) -> Arc<dyn Transport> {
    let hyper = dice.one_in(2);
    if wire != Wire::Http2 {
        return if hyper {
            Arc::new(HyperTransport::new())
        } else {
            Arc::new(ReqwestTransport::new())
        };
    }
    let known = reqwest::Client::builder()
        .http2_prior_knowledge()
        .pool_max_idle_per_host(0);
    match known.build() {
        Ok(client) if !hyper => Arc::new(ReqwestTransport::from(client)),
        _ => Arc::new(HyperTransport::http2()),
    }
}
