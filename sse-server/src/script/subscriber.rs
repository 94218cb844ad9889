use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::Mutex;

use crate::script::{handle::Script, request_table::RequestTable, value::Fields};

/// A connection that `subscribe` accepted, with what the script keeps for it: `sub`.
///
/// The hook `unsubscribe` is called when this is dropped, so it runs exactly once for each that was accepted.
pub struct Subscriber {
    script: Script,
    sub: Sub,
}

impl Subscriber {
    pub(crate) fn new(script: Script, sub: Sub) -> Self {
        Self { script, sub }
    }

    /// Returns the request.
    pub fn request(&self) -> &RequestTable {
        self.sub.request()
    }

    /// Returns the name of the connection: `sub.req.id`.
    pub fn id(&self) -> &str {
        &self.sub.request().id
    }

    pub(crate) fn sub(&self) -> &Sub {
        &self.sub
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.script.leave(&self.sub);
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscriber").field(&self.id()).finish()
    }
}

/// What `sub` is made of for each call. A clone is the same.
#[derive(Clone, Debug)]
pub(crate) struct Sub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    number: u64,
    request: RequestTable,
    fields: Fields,
    joined: AtomicU64,
    missed: AtomicU64,
    joining: Mutex<()>,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

impl Sub {
    /// Returns what a generation of the script accepted.
    pub(crate) fn new(request: RequestTable, fields: Fields, generation: u64) -> Self {
        Self(Arc::new(Inner {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            request,
            fields,
            joined: AtomicU64::new(generation),
            missed: AtomicU64::new(0),
            joining: Mutex::new(()),
        }))
    }

    /// Returns a number that no other has; later ones have greater ones.
    pub(crate) fn number(&self) -> u64 {
        self.0.number
    }

    pub(crate) fn request(&self) -> &RequestTable {
        &self.0.request
    }

    pub(crate) fn fields(&self) -> &Fields {
        &self.0.fields
    }

    /// Returns the generation whose `subscribe` knows of it.
    pub(crate) fn joined(&self) -> u64 {
        self.0.joined.load(Ordering::Acquire)
    }

    pub(crate) fn set_joined(&self, generation: u64) {
        self.0.joined.store(generation, Ordering::Release);
    }

    /// Tells whether a generation's `subscribe` failed when it was told of it; `unsubscribe` is then not called.
    pub(crate) fn is_missed_by(&self, generation: u64) -> bool {
        self.0.missed.load(Ordering::Acquire) == generation
    }

    pub(crate) fn set_missed(&self, generation: u64) {
        self.0.missed.store(generation, Ordering::Release);
    }

    /// Held while another generation's `subscribe` is told of it.
    pub(crate) fn joining(&self) -> &Mutex<()> {
        &self.0.joining
    }
}
