use std::{any::Any, fmt, sync::Arc};

/// A value of the publisher's own beside an entry, for as long as this process holds the entry.
///
/// It is neither stored nor sent: an entry that comes from a log elsewhere has none. A clone is the same value.
#[derive(Clone)]
pub struct Companion(Arc<Held<dyn Any + Send + Sync>>);

struct Held<T: ?Sized> {
    bytes: usize,
    value: T,
}

impl Companion {
    /// Makes a companion; so many bytes count in what the hub retains.
    pub fn new(value: impl Any + Send + Sync, bytes: usize) -> Self {
        Self(Arc::new(Held { bytes, value }))
    }

    /// Returns the value, if it is of this type.
    pub fn downcast_ref<T: Any>(&self) -> Option<&T> {
        self.0.value.downcast_ref()
    }

    /// Returns the bytes that it counts.
    pub fn bytes(&self) -> usize {
        self.0.bytes
    }
}

/// Equal if it is the same value.
impl PartialEq for Companion {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Companion {}

impl fmt::Debug for Companion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Companion")
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}
