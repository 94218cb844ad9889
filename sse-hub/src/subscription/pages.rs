//! Pages of what the hub has dropped and the provider still has.

use std::{
    collections::HashMap,
    fmt,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use crate::{
    listeners::WakerSet,
    log::Entry,
    namespace::Namespace,
    provider::{BoxFuture, Page, ProviderError},
    sync::{Mutex, lock},
};

/// Entries read at once.
const PAGE: usize = 256;
/// Pages kept for others who read the same.
const MOST_PAGES: usize = 64;

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
