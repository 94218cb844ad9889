use tokio::sync::OwnedRwLockReadGuard;

/// Holds a reload back until something that a generation of the script made is in the log.
#[derive(Debug)]
pub struct OrderPermit(Option<OwnedRwLockReadGuard<()>>);

impl OrderPermit {
    pub(crate) fn none() -> Self {
        Self(None)
    }
}
