//! Pages of what the hub has dropped and the provider still has.

use std::{
    collections::{HashMap, VecDeque},
    fmt, iter, mem,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use super::waiting_line::WaitingLine;
use crate::{
    listeners::WakerSet,
    log::Entry,
    namespace::Namespace,
    provider::{BoxFuture, Page, ProviderError},
    sync::{Mutex, lock},
    topic::Topic,
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
    by_place: HashMap<PagePlace, Arc<ColdPage>>,
    order: VecDeque<PagePlace>,
    /// Those that are being read.
    reading: Vec<Arc<ColdPage>>,
    /// Subscriptions that wait for their turn to have one read, and how they are woken.
    waiting: WaitingLine,
}

impl Kept {
    /// Who comes next, as many as there is room for; whoever is called and needs no room calls the next.
    fn next(&mut self) -> Vec<Waker> {
        let room = MOST_READING.saturating_sub(self.reading.len());
        iter::from_fn(|| self.waiting.next()).take(room).collect()
    }
}

/// Where a page begins, and the topics that it is of if not all are in it.
#[derive(Clone, Eq, Hash, PartialEq)]
pub(super) struct PagePlace {
    pub(super) from: u64,
    pub(super) topics: Option<Arc<[Topic]>>,
}

/// One page, being read or there.
pub(super) struct ColdPage {
    pub(super) place: PagePlace,
    generation: u64,
    state: Mutex<State>,
    wakers: WakerSet,
}

enum State {
    Reading(BoxFuture<'static, Result<Page, ProviderError>>),
    /// It was read, by somebody who makes entries of it now.
    Encoding,
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
        place: PagePlace,
        subscription: u64,
        waker: &Waker,
    ) -> Option<Arc<ColdPage>> {
        let (page, next) = {
            let mut kept = lock(&self.pages);
            let page = match kept.by_place.get(&place) {
                Some(page) => Arc::clone(page),
                None if kept.reading.len() >= MOST_READING => {
                    kept.waiting.wait(subscription, waker);
                    return None;
                }
                None => kept.begin(namespace, place),
            };
            (page, kept.next())
        };
        next.into_iter().for_each(Waker::wake);
        Some(page)
    }

    /// Takes a subscription that is gone out of the line.
    pub(super) fn leave(&self, subscription: u64) {
        let waker = lock(&self.pages).waiting.leave(subscription);
        drop(waker);
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
        next.into_iter().for_each(Waker::wake);
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
        forgotten.waiting.into_wakers().for_each(Waker::wake);
    }

    fn has_read(&self, page: &Arc<ColdPage>) {
        let next = {
            let mut kept = lock(&self.pages);
            kept.reading.retain(|it| !Arc::ptr_eq(it, page));
            kept.next()
        };
        next.into_iter().for_each(Waker::wake);
    }

    /// Whether a page was asked for since everything was last forgotten.
    pub(super) fn is_current(&self, page: &ColdPage) -> bool {
        page.generation == lock(&self.pages).generation
    }

    pub(super) fn forget(&self, page: &ColdPage) {
        let mut kept = lock(&self.pages);
        if page.generation == kept.generation {
            kept.by_place.remove(&page.place);
            kept.order.retain(|it| *it != page.place);
        }
    }
}

impl Kept {
    fn begin(&mut self, namespace: &Arc<Namespace>, place: PagePlace) -> Arc<ColdPage> {
        let (reader, asked) = (Arc::clone(namespace), place.clone());
        let read: BoxFuture<'static, _> = Box::pin(async move {
            let topics = asked.topics.as_deref();
            reader.read_provider(topics, asked.from, PAGE).await
        });
        let page = Arc::new(ColdPage {
            place: place.clone(),
            generation: self.generation,
            state: Mutex::new(State::Reading(read)),
            wakers: WakerSet::default(),
        });
        self.reading.push(Arc::clone(&page));
        self.by_place.insert(place.clone(), Arc::clone(&page));
        self.order.push_back(place);
        if self.order.len() > MOST_PAGES
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_place.remove(&oldest);
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
        let read = {
            let mut state = lock(&self.state);
            match &mut *state {
                State::Reading(read) => {
                    self.wakers.add(cx.waker());
                    let waker = Waker::from(Arc::clone(self));
                    let Poll::Ready(read) = read.as_mut().poll(&mut Context::from_waker(&waker))
                    else {
                        return Poll::Pending;
                    };
                    *state = State::Encoding;
                    read
                }
                State::Encoding => {
                    self.wakers.add(cx.waker());
                    return Poll::Pending;
                }
                State::Read(entries) => return Poll::Ready(Some(Arc::clone(entries))),
                State::Failed => return Poll::Ready(None),
            }
        };
        // Nothing is locked: what is told of a refusal, and whoever is woken, may ask for what is due.
        let entries = match read {
            Ok(page) => Some(Arc::new(ColdEntries::new(namespace, page))),
            Err(error) => {
                tracing::warn!(namespace = %namespace.name, %error, "old entries could not be read");
                namespace.cold_pages.forget(self);
                None
            }
        };
        *lock(&self.state) = entries.clone().map_or(State::Failed, State::Read);
        namespace.cold_pages.has_read(self);
        self.wakers.wake_all();
        Poll::Ready(entries)
    }
}

impl ColdEntries {
    fn new(namespace: &Namespace, page: Page) -> Self {
        let page = namespace.checked(page);
        let (now, unix_now) = (namespace.clock.millis(), namespace.clock.unix_millis());
        let log = namespace.read_log();
        let encode = |record| log.cold_entry(record, now, unix_now);
        Self {
            entries: page.records.into_iter().map(encode).collect(),
            scanned_through: page.scanned_through,
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
