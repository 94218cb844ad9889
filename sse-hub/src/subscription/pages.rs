//! Pages of what the hub has dropped and the provider still has.

use std::{
    collections::{HashMap, VecDeque},
    fmt, mem,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use crate::{
    log::Entry,
    namespace::Namespace,
    provider::{BoxFuture, Page, ProviderError},
    sync::{Mutex, lock},
};

/// Entries read at once.
const PAGE: usize = 256;
/// Pages kept for others who read the same.
const MOST_PAGES: usize = 64;

/// Pages of a namespace that are read at once: a provider that has just come back is not asked for everything at the same time.
const MOST_READING: usize = 16;

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
    order: VecDeque<u64>,
    /// Those that are being read.
    reading: Vec<Arc<ColdPage>>,
    /// Subscriptions that wait for their turn to have one read, and how they are woken.
    waiting: VecDeque<(u64, Waker)>,
}

impl Kept {
    /// Who is next, if there is room; whoever is called and needs no room calls the next.
    fn next(&mut self) -> Option<Waker> {
        if self.reading.len() >= MOST_READING {
            return None;
        }
        self.waiting.pop_front().map(|(_, waker)| waker)
    }

    fn wait(&mut self, subscription: u64, waker: &Waker) {
        let place = self.waiting.iter_mut().find(|(it, _)| *it == subscription);
        match place {
            Some((_, known)) => known.clone_from(waker),
            None => self.waiting.push_back((subscription, waker.clone())),
        }
    }
}

/// One page, being read or there.
pub(super) struct ColdPage {
    pub(super) from: u64,
    generation: u64,
    state: Mutex<State>,
    wakers: Mutex<Vec<Waker>>,
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
    /// Has a page read, or finds it; `None` if the subscription must wait for its turn.
    pub(super) fn page(
        &self,
        namespace: &Arc<Namespace>,
        from: u64,
        subscription: u64,
        waker: &Waker,
    ) -> Option<Arc<ColdPage>> {
        let (page, next) = {
            let mut kept = lock(&self.pages);
            let page = match kept.by_start.get(&from) {
                Some(page) => Arc::clone(page),
                None if kept.reading.len() >= MOST_READING => {
                    kept.wait(subscription, waker);
                    return None;
                }
                None => kept.begin(namespace, from),
            };
            (page, kept.next())
        };
        if let Some(next) = next {
            next.wake();
        }
        Some(page)
    }

    /// Goes on with what is being read, whether or not those who asked for it do.
    pub(crate) fn drive(&self, namespace: &Namespace) {
        let (reading, next) = {
            let mut kept = lock(&self.pages);
            (kept.reading.clone(), kept.next())
        };
        let mut cx = Context::from_waker(Waker::noop());
        for page in reading {
            let _ = page.poll(namespace, &mut cx);
        }
        if let Some(next) = next {
            next.wake();
        }
    }

    /// Forgets pages: what they say may have changed.
    pub(crate) fn clear(&self) {
        let forgotten = {
            let mut kept = lock(&self.pages);
            let generation = kept.generation + 1;
            mem::replace(
                &mut *kept,
                Kept {
                    generation,
                    ..Kept::default()
                },
            )
        };
        for (_, waiting) in forgotten.waiting {
            waiting.wake();
        }
    }

    fn has_read(&self, page: &Arc<ColdPage>) {
        let next = {
            let mut kept = lock(&self.pages);
            kept.reading.retain(|it| !Arc::ptr_eq(it, page));
            kept.next()
        };
        if let Some(next) = next {
            next.wake();
        }
    }

    /// Whether a page was asked for since everything was last forgotten.
    pub(super) fn is_current(&self, page: &ColdPage) -> bool {
        page.generation == lock(&self.pages).generation
    }

    pub(super) fn forget(&self, page: &ColdPage) {
        let mut kept = lock(&self.pages);
        if page.generation == kept.generation {
            kept.by_start.remove(&page.from);
            kept.order.retain(|&it| it != page.from);
        }
    }
}

impl Kept {
    fn begin(&mut self, namespace: &Arc<Namespace>, from: u64) -> Arc<ColdPage> {
        let reader = Arc::clone(namespace);
        let read: BoxFuture<'static, _> =
            Box::pin(async move { reader.provider.read(from, PAGE).await });
        let page = Arc::new(ColdPage {
            from,
            generation: self.generation,
            state: Mutex::new(State::Reading(read)),
            wakers: Mutex::default(),
        });
        self.reading.push(Arc::clone(&page));
        self.by_start.insert(from, Arc::clone(&page));
        self.order.push_back(from);
        if self.order.len() > MOST_PAGES
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_start.remove(&oldest);
        }
        page
    }
}

impl ColdPage {
    /// Waits for the page; `None` if it could not be read.
    pub(super) fn poll(
        self: &Arc<Self>,
        namespace: &Namespace,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Arc<ColdEntries>>> {
        let mut state = lock(&self.state);
        if let State::Reading(read) = &mut *state {
            lock(&self.wakers).push(cx.waker().clone());
            let waker = Waker::from(Arc::clone(self));
            match read.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(page)) => {
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
                    namespace.cold_pages.forget(self);
                }
            }
            namespace.cold_pages.has_read(self);
            for waker in mem::take(&mut *lock(&self.wakers)) {
                waker.wake();
            }
        }
        match &*state {
            State::Read(entries) => Poll::Ready(Some(Arc::clone(entries))),
            State::Failed | State::Reading(_) => Poll::Ready(None),
        }
    }
}

impl Wake for ColdPage {
    fn wake(self: Arc<Self>) {
        let wakers = std::mem::take(&mut *lock(&self.wakers));
        for waker in wakers {
            waker.wake();
        }
    }
}

impl fmt::Debug for ColdPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ColdPage").finish_non_exhaustive()
    }
}
