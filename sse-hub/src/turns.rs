use std::sync::Arc;

use slab::Slab;

use crate::sync::{Mutex, lock};

/// Who comes back when, if all have to: each open subscription has a turn of its own.
///
/// A time drawn from what all who are there would need would do for none but the last:
/// those who came when there were few would all come back in the first moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns(Arc<Mutex<Slab<()>>>);

/// The turn of a subscription; free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    number: usize,
    turns: Turns,
}

impl Turns {
    /// Takes a turn that is free, before all that nobody ever had.
    pub(crate) fn take(&self) -> Turn {
        Turn {
            number: lock(&self.0).insert(()),
            turns: self.clone(),
        }
    }
}

impl Turn {
    /// Its number, from 0 on.
    pub(crate) fn number(&self) -> usize {
        self.number
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        lock(&self.turns.0).try_remove(self.number);
    }
}
