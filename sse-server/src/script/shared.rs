use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::RwLock;

use crate::script::{
    hook::{Hook, Hooks},
    subscriber::Sub,
    watchdog::Watch,
};

/// What the handles and the script's thread share.
#[derive(Debug)]
pub(crate) struct Shared {
    watch: Arc<Watch>,
    hooks: AtomicU16,
    generation: AtomicU64,
    memory: AtomicUsize,
    /// Those that were accepted and have not left, by their numbers.
    subs: Mutex<BTreeMap<u64, Sub>>,
    /// How many `unsubscribe` are yet to end.
    leaving: AtomicUsize,
    /// Publications hold it for reading until they are in the log, a reload for writing.
    order: Arc<RwLock<()>>,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self {
            watch: Watch::start(),
            hooks: AtomicU16::new(0),
            generation: AtomicU64::new(0),
            memory: AtomicUsize::new(0),
            subs: Mutex::default(),
            leaving: AtomicUsize::new(0),
            order: Arc::default(),
        }
    }

    pub(crate) fn set_generation(&self, generation: u64, hooks: Hooks) {
        self.hooks.store(hooks.bits(), Ordering::Release);
        self.generation.store(generation, Ordering::Release);
    }

    pub(crate) fn set_memory(&self, bytes: usize) {
        self.memory.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, sub: Sub) {
        self.lock().insert(sub.number(), sub);
    }

    pub(crate) fn remove(&self, sub: &Sub) {
        self.lock().remove(&sub.number());
    }

    /// Says that an `unsubscribe` is to come.
    pub(crate) fn one_leaves(&self) {
        self.leaving.fetch_add(1, Ordering::AcqRel);
    }

    /// Says that it has ended.
    pub(crate) fn one_left(&self) {
        self.leaving.fetch_sub(1, Ordering::AcqRel);
    }

    pub(crate) fn leaving(&self) -> usize {
        self.leaving.load(Ordering::Acquire)
    }

    pub(crate) fn defines(&self, hook: Hook) -> bool {
        Hooks::from_bits(self.hooks.load(Ordering::Acquire)).contains(hook)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(crate) fn memory(&self) -> usize {
        self.memory.load(Ordering::Relaxed)
    }

    /// Returns those that have not left, in the order in which they came.
    pub(crate) fn subs(&self) -> Vec<Sub> {
        self.lock().values().cloned().collect()
    }

    pub(crate) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    pub(crate) fn order(&self) -> &Arc<RwLock<()>> {
        &self.order
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Sub>> {
        self.subs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
