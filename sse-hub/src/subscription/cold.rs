//! Judging a cursor of which only the provider knows.

use std::sync::Arc;

use super::subscribe_error::SubscribeError;
use crate::{
    log::{ChannelId, Log},
    namespace::Namespace,
    position::Epoch,
    resume::{Cursor, Decision, Nonce, decide},
    topic::Selector,
};

/// How long a resume waits for entries that the provider has and the tail has not yet brought.
const WAIT_MILLIS: u64 = 5_000;

/// What the provider said of a cursor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// The log's epoch when it was asked.
    epoch: Epoch,
    seq: u64,
    /// The nonce of the entry there; 0 if it is not known.
    nonce: u32,
}

/// Asks the provider about a cursor, where the log alone cannot judge it.
pub(super) async fn find_out(
    namespace: &Arc<Namespace>,
    selectors: &[Selector],
    cursor: Option<&Cursor>,
) -> Result<Found, SubscribeError> {
    let capabilities = namespace.capabilities;
    let nothing = Found {
        epoch: namespace.read_log().epoch(),
        seq: 0,
        nonce: 0,
    };
    let Some(Cursor::Position(position)) = cursor else {
        return Ok(nothing);
    };
    if capabilities.tail_is_head && !capabilities.replay {
        return Ok(nothing);
    }
    let deadline = namespace.clock.millis().saturating_add(WAIT_MILLIS);
    let found = look_up(namespace, position.seq).await?;
    let decision = namespace.with_channels(selectors, |log, channels| {
        found.decide(log, channels, cursor, capabilities.tail_is_head)
    });
    if decision != Decision::AskProvider {
        return Ok(found);
    }
    let head = namespace.provider.head().await;
    let head = head.map_err(|error| SubscribeError::unavailable(Some(error)))?;
    if head < position.seq {
        return Ok(found);
    }
    if !namespace.wait_for_head(position.seq, deadline).await {
        return Err(SubscribeError::unavailable(None));
    }
    look_up(namespace, position.seq).await
}

/// Asks for the nonce of an entry that is not known here.
async fn look_up(namespace: &Namespace, seq: u64) -> Result<Found, SubscribeError> {
    let (epoch, nonce) = {
        let log = namespace.read_log();
        (log.epoch(), log.nonce_at(seq).unwrap_or(0))
    };
    if nonce != 0 || seq == 0 || !namespace.capabilities.replay {
        return Ok(Found { epoch, seq, nonce });
    }
    let page = namespace.provider.read(seq, 1).await;
    let page = page.map_err(|error| SubscribeError::unavailable(Some(error)))?;
    let record = page.records.first().filter(|record| record.seq == seq);
    let nonce = record.map_or(0, |record| record.nonce);
    Ok(Found { epoch, seq, nonce })
}

impl Found {
    /// Judges the cursor by what the log is now.
    pub(super) fn decide(
        self,
        log: &Log,
        channels: &[ChannelId],
        cursor: Option<&Cursor>,
        head_is_certain: bool,
    ) -> Decision {
        let mut view = log.view(cursor, channels, head_is_certain);
        let is_unknown = matches!(view.nonce, Nonce::Unknown | Nonce::Known(0));
        let is_still_so = self.epoch == log.epoch() || self.seq <= log.last_shared_with(self.epoch);
        if is_unknown && self.nonce != 0 && is_still_so {
            view.nonce = Nonce::Known(self.nonce);
        }
        decide(cursor, &view)
    }
}
