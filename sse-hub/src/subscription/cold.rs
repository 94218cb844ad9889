//! Reading what the hub has dropped and the provider still has.

use std::{
    collections::HashMap,
    fmt, future,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use super::subscribe_error::SubscribeError;
use crate::{
    listeners::WakerSet,
    log::{ChannelId, Entry, Log},
    namespace::Namespace,
    position::{Epoch, Position},
    provider::{BoxFuture, Page, ProviderError},
    resume::{Cursor, Decision, Nonce, decide},
    sync::{Mutex, lock},
    topic::Selector,
};

/// How long a resume waits for a provider that fails, and for entries that it has and the tail has not yet brought.
const WAIT_MILLIS: u64 = 5_000;
/// How long a provider that has failed is left alone.
const RETRY_MILLIS: u64 = 250;
/// Entries read at once.
const PAGE: usize = 256;
/// Pages kept for others who read the same.
const MOST_PAGES: usize = 64;

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
///
/// A provider that fails is asked again until the time is over: no answer is made up, and none is given in haste.
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
    let mut failure = None;
    while let Some(answer) = namespace
        .until(deadline, ask(namespace, selectors, *position))
        .await
    {
        match answer {
            Ok(found) => return Ok(found),
            Err(error) => failure = Some(error),
        }
        let again = namespace.clock.millis().saturating_add(RETRY_MILLIS);
        let pause = namespace.until(again, future::pending::<()>());
        if namespace.until(deadline, pause).await.is_none() {
            break;
        }
    }
    Err(SubscribeError::unavailable(failure))
}

async fn ask(
    namespace: &Arc<Namespace>,
    selectors: &[Selector],
    position: Position,
) -> Result<Found, ProviderError> {
    let found = look_up(namespace, position.seq).await?;
    let cursor = Cursor::Position(position);
    let decision = namespace.with_channels(selectors, |log, channels| {
        let head_is_certain = namespace.capabilities.tail_is_head;
        found.decide(log, channels, Some(&cursor), head_is_certain)
    });
    if decision != Decision::AskProvider || namespace.provider.head().await? < position.seq {
        return Ok(found);
    }
    namespace.wait_for_head(position.seq).await;
    look_up(namespace, position.seq).await
}

/// Asks for the nonce of an entry that is not known here.
async fn look_up(namespace: &Namespace, seq: u64) -> Result<Found, ProviderError> {
    let (epoch, nonce) = {
        let log = namespace.read_log();
        (log.epoch(), log.nonce_at(seq).unwrap_or(0))
    };
    if nonce != 0 || seq == 0 || !namespace.capabilities.replay {
        return Ok(Found { epoch, seq, nonce });
    }
    let page = namespace.provider.read(seq, 1).await?;
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

/// Pages of old entries, each read once for all who ask for it at about the same time.
#[derive(Default)]
pub(crate) struct ColdPages {
    pages: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// How often everything was forgotten.
    generation: u64,
    by_start: HashMap<u64, Arc<ColdPage>>,
    order: std::collections::VecDeque<u64>,
}

/// One page, being read or there.
pub(super) struct ColdPage {
    generation: u64,
    state: Mutex<State>,
    wakers: WakerSet,
}

enum State {
    Reading(BoxFuture<'static, Result<Page, ProviderError>>),
    Read(Arc<ColdEntries>),
    Failed,
}

/// The entries of a page, encoded once.
pub(super) struct ColdEntries {
    pub(super) entries: Vec<Arc<Entry>>,
    pub(super) scanned_through: u64,
}

impl ColdPages {
    pub(super) fn page(&self, namespace: &Arc<Namespace>, from: u64) -> Arc<ColdPage> {
        let mut kept = lock(&self.pages);
        if let Some(page) = kept.by_start.get(&from) {
            return Arc::clone(page);
        }
        let reader = Arc::clone(namespace);
        let read: BoxFuture<'static, _> =
            Box::pin(async move { reader.provider.read(from, PAGE).await });
        let page = Arc::new(ColdPage {
            generation: kept.generation,
            state: Mutex::new(State::Reading(read)),
            wakers: WakerSet::default(),
        });
        kept.by_start.insert(from, Arc::clone(&page));
        kept.order.push_back(from);
        if kept.order.len() > MOST_PAGES
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.by_start.remove(&oldest);
        }
        page
    }

    /// Forgets pages: what they say may have changed.
    pub(crate) fn clear(&self) {
        let mut kept = lock(&self.pages);
        *kept = Kept {
            generation: kept.generation + 1,
            ..Kept::default()
        };
    }

    /// Whether a page was asked for since everything was last forgotten.
    pub(super) fn is_current(&self, page: &ColdPage) -> bool {
        page.generation == lock(&self.pages).generation
    }

    pub(super) fn forget(&self, from: u64) {
        let mut kept = lock(&self.pages);
        kept.by_start.remove(&from);
        kept.order.retain(|&it| it != from);
    }
}

impl ColdPage {
    /// Waits for the page; `None` if it could not be read.
    pub(super) fn poll(
        self: &Arc<Self>,
        namespace: &Namespace,
        from: u64,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Arc<ColdEntries>>> {
        let mut state = lock(&self.state);
        if let State::Reading(read) = &mut *state {
            self.wakers.add(cx.waker());
            let waker = Waker::from(Arc::clone(self));
            match read.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(page)) => {
                    let page = namespace.checked(page);
                    let (now, unix_now) = (namespace.clock.millis(), namespace.clock.unix_millis());
                    let log = namespace.read_log();
                    let entries = page
                        .records
                        .into_iter()
                        .map(|record| log.cold_entry(record, now, unix_now))
                        .collect();
                    *state = State::Read(Arc::new(ColdEntries {
                        entries,
                        scanned_through: page.scanned_through,
                    }));
                }
                Poll::Ready(Err(error)) => {
                    tracing::warn!(namespace = %namespace.name, %error, "old entries could not be read");
                    *state = State::Failed;
                    namespace.cold_pages.forget(from);
                }
            }
            self.wakers.wake_all();
        }
        match &*state {
            State::Read(entries) => Poll::Ready(Some(Arc::clone(entries))),
            State::Failed | State::Reading(_) => Poll::Ready(None),
        }
    }
}

impl Wake for ColdPage {
    fn wake(self: Arc<Self>) {
        self.wakers.wake_all();
    }
}

impl fmt::Debug for ColdPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ColdPage").finish_non_exhaustive()
    }
}
