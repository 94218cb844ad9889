use std::task::{Context, Poll, Waker};

use slab::Slab;

use super::{
    Record, TailItem,
    backlog::{Backlog, Pending},
};

/// The tails of one log, with what each has yet to give out.
#[derive(Debug, Default)]
pub(super) struct Tails {
    open: Slab<Backlog>,
}

/// What is to be done once nothing is locked: a waker, or what a publisher put beside an entry, may own what owns the
/// log.
#[derive(Debug, Default)]
pub(super) struct Woken {
    /// Nearly always there is only one, which needs no memory of its own.
    first: Option<Waker>,
    rest: Vec<Waker>,
    left_out: Vec<Record>,
}

impl Tails {
    /// Opens a tail that begins with what was so before it.
    pub(super) fn open(&mut self, items: impl IntoIterator<Item = TailItem>) -> usize {
        let mut backlog = Backlog::default();
        // There are no entries among them.
        items.into_iter().for_each(|item| drop(backlog.push(item)));
        self.open.insert(backlog)
    }

    /// Leaves this to all tails; whoever is to be woken for it joins `woken`.
    pub(super) fn tell(&mut self, item: TailItem, woken: &mut Woken) {
        let last = self.open.len().saturating_sub(1);
        let mut item = Some(item);
        for (index, (_, tail)) in self.open.iter_mut().enumerate() {
            // Nearly always there is only one, which takes it without a copy.
            let own = if index == last {
                item.take()
            } else {
                item.clone()
            };
            if let Some(own) = own {
                woken.left_out.append(&mut tail.push(own));
            }
            woken.add(tail.waker.take());
        }
    }

    /// Takes out what comes next; `None` after the tail was closed.
    pub(super) fn poll_next(&mut self, key: usize, cx: &mut Context<'_>) -> Poll<Option<Pending>> {
        let Some(tail) = self.open.get_mut(key) else {
            return Poll::Ready(None);
        };
        if let Some(item) = tail.pop() {
            return Poll::Ready(Some(item));
        }
        match &tail.waker {
            Some(waker) if waker.will_wake(cx.waker()) => {}
            _ => tail.waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Closes a tail; what it held is to be dropped where nothing is locked, since a waker may own
    /// what owns the log.
    #[must_use]
    pub(super) fn close(&mut self, key: usize) -> Option<Backlog> {
        self.open.try_remove(key)
    }

    /// About how much memory all that is held takes.
    pub(super) fn bytes(&self) -> u64 {
        self.open.iter().map(|(_, tail)| tail.bytes()).sum()
    }
}

impl Woken {
    pub(super) fn wake(self) {
        self.first
            .into_iter()
            .chain(self.rest)
            .for_each(Waker::wake);
    }

    fn add(&mut self, waker: Option<Waker>) {
        match waker {
            Some(waker) if self.first.is_none() => self.first = Some(waker),
            other => self.rest.extend(other),
        }
    }
}
