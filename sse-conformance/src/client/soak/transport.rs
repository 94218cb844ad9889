use std::sync::Arc;

use sse_client::{HyperTransport, ReqwestTransport, Transport};

use super::hub_server::Wire;
use crate::hub::Dice;

/// Makes one of the transports that are shipped, for what the server speaks.
pub(super) fn transport(wire: Wire, dice: &mut Dice) -> Arc<dyn Transport> {
    match (wire, dice.one_in(2)) {
        (Wire::Http2, true) => Arc::new(HyperTransport::http2()),
        (Wire::Http2, false) => match reqwest(true) {
            Some(client) => client,
            None => Arc::new(HyperTransport::http2()),
        },
        (_, true) => Arc::new(HyperTransport::new()),
        (_, false) => Arc::new(ReqwestTransport::new()),
    }
}
