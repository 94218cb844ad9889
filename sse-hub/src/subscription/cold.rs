//! Judging a cursor of which only the provider knows.

use std::{
    future::{self, Future},
    sync::Arc,
};

use sse_core::EventId;

use super::subscribe_error::SubscribeError;
use crate::{
    log::{ChannelId, Log},
    namespace::Namespace,
    position::{Epoch, Position},
    resume::{Cursor, Decision, Nonce, decide},
    topic::Selector,
};

/// How long a resume waits for a provider that fails, and for entries that it has and the tail has not yet brought.
const WAIT_MILLIS: u64 = 5_000;
/// How long a provider that has failed is left alone.
const RETRY_MILLIS: u64 = 250;

/// What the provider said of a cursor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// The log's epoch when it was asked.
    epoch: Epoch,
    seq: u64,
    /// The nonce of the entry there; 0 if it is not known.
    nonce: u32,
    /// Whether this is where an own id was found.
    has_own_id: bool,
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
        has_own_id: false,
    };
    match cursor {
        Some(Cursor::Position(position)) if capabilities.replay || !capabilities.tail_is_head => {
            patiently(namespace, || ask(namespace, selectors, *position)).await
        }
        Some(Cursor::Own(id)) if capabilities.replay => {
            patiently(namespace, || find(namespace, id, nothing)).await
        }
        _ => Ok(nothing),
    }
}

/// Asks where an own id is that may be older than all that is known here.
async fn find(
    namespace: &Namespace,
    id: &EventId,
    nothing: Found,
) -> Result<Found, SubscribeError> {
    let found = namespace.provider.find(id).await;
    let Some(seq) = found.map_err(|error| SubscribeError::unavailable(Some(error)))? else {
        return Ok(nothing);
    };
    namespace.wait_for_head(seq).await;
    Ok(Found {
        seq,
        has_own_id: true,
        ..nothing
    })
}

/// Asks a provider that fails again until the time is over: no answer is made up, and none is given in haste.
pub(super) async fn patiently<T, F: Future<Output = Result<T, SubscribeError>>>(
    namespace: &Namespace,
    ask: impl Fn() -> F,
) -> Result<T, SubscribeError> {
    let deadline = namespace.clock.millis().saturating_add(WAIT_MILLIS);
    let mut failure = SubscribeError::unavailable(None);
    while let Some(answer) = namespace.until(deadline, ask()).await {
        match answer {
            Ok(answer) => return Ok(answer),
            Err(error) => failure = error,
        }
        let again = namespace.clock.millis().saturating_add(RETRY_MILLIS);
        let pause = namespace.until(again, future::pending::<()>());
        if namespace.until(deadline, pause).await.is_none() {
            break;
        }
    }
    Err(failure)
}

async fn ask(
    namespace: &Arc<Namespace>,
    selectors: &[Selector],
    position: Position,
) -> Result<Found, SubscribeError> {
    let found = look_up(namespace, position.seq).await?;
    let cursor = Cursor::Position(position);
    let decision = namespace.with_channels(selectors, |log, channels| {
        let head_is_certain = namespace.capabilities.tail_is_head;
        found.decide(namespace, log, channels, Some(&cursor), head_is_certain)
    });
    if decision != Decision::AskProvider {
        return Ok(found);
    }
    let head = namespace.provider.head().await;
    if head.map_err(|error| SubscribeError::unavailable(Some(error)))? < position.seq {
        return Ok(found);
    }
    namespace.wait_for_head(position.seq).await;
    look_up(namespace, position.seq).await
}

/// Asks for the nonce of an entry that is not known here.
async fn look_up(namespace: &Namespace, seq: u64) -> Result<Found, SubscribeError> {
    let (epoch, nonce) = {
        let log = namespace.read_log();
        (log.epoch(), log.nonce_at(seq).unwrap_or(0))
    };
    if nonce != 0 || seq == 0 || !namespace.capabilities.replay {
        return Ok(Found {
            epoch,
            seq,
            nonce,
            has_own_id: false,
        });
    }
    let page = namespace.provider.read(seq, 1).await;
    let page = page.map_err(|error| SubscribeError::unavailable(Some(error)))?;
    let record = page.records.first().filter(|record| record.seq == seq);
    let nonce = record.map_or(0, |record| record.nonce);
    Ok(Found {
        epoch,
        seq,
        nonce,
        has_own_id: false,
    })
}

impl Found {
    /// Judges the cursor by what the log is now.
    pub(super) fn decide(
        self,
        namespace: &Namespace,
        log: &Log,
        channels: &[ChannelId],
        cursor: Option<&Cursor>,
        head_is_certain: bool,
    ) -> Decision {
        let lost = cursor.map_or(0, |_| namespace.lost(log, channels));
        let mut view = log.view(cursor, lost, head_is_certain);
        let is_unknown = matches!(view.nonce, Nonce::Unknown | Nonce::Known(0));
        let is_still_so = self.epoch == log.epoch() || self.seq <= log.last_shared_with(self.epoch);
        if is_unknown && self.nonce != 0 && is_still_so {
            view.nonce = Nonce::Known(self.nonce);
        }
        if self.has_own_id && is_still_so {
            // The first of several is the one that counts.
            view.own_id_at = Some(view.own_id_at.map_or(self.seq, |seq| seq.min(self.seq)));
        }
        decide(cursor, &view)
    }
}
