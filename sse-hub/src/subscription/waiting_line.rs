use std::{
    collections::{BTreeMap, HashMap},
    task::Waker,
};

/// Subscriptions that wait for their turn, first come, first called.
#[derive(Default)]
pub(super) struct WaitingLine {
    /// By place, with the subscription's number.
    waiting: BTreeMap<u64, (u64, Waker)>,
    places: HashMap<u64, u64>,
    next_place: u64,
}

impl WaitingLine {
    /// Puts a subscription at the end, or leaves it where it stands.
    pub(super) fn wait(&mut self, subscription: u64, waker: &Waker) {
        let place = *self.places.entry(subscription).or_insert_with(|| {
            self.next_place += 1;
            self.next_place
        });
        self.waiting.insert(place, (subscription, waker.clone()));
    }

    /// Takes out who came first.
    pub(super) fn next(&mut self) -> Option<Waker> {
        let (_, (subscription, waker)) = self.waiting.pop_first()?;
        self.places.remove(&subscription);
        Some(waker)
    }

    /// Takes a subscription out; its waker is to be dropped where nothing is locked.
    pub(super) fn leave(&mut self, subscription: u64) -> Option<Waker> {
        let place = self.places.remove(&subscription)?;
        self.waiting.remove(&place).map(|(_, waker)| waker)
    }

    pub(super) fn into_wakers(self) -> impl Iterator<Item = Waker> {
        self.waiting.into_values().map(|(_, waker)| waker)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU64, Ordering},
        },
        task::Wake,
    };

    use super::*;

    #[derive(Default)]
    struct Called(AtomicU64);

    impl Wake for Called {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn each_stands_once_and_keeps_its_place_and_who_left_is_not_called() {
        let called = [(); 3].map(|()| Arc::new(Called::default()));
        let mut line = WaitingLine::default();
        for (subscription, called) in [(0, &called[0]), (1, &called[1]), (2, &called[2])] {
            line.wait(subscription, &called.clone().into());
        }
        line.wait(0, &called[0].clone().into());
        assert!(line.leave(1).is_some() && line.leave(1).is_none());
        line.next().into_iter().for_each(Waker::wake);
        let calls = || called.each_ref().map(|it| it.0.load(Ordering::Relaxed));
        assert_eq!(calls(), [1, 0, 0]);
        line.into_wakers().for_each(Waker::wake);
        assert_eq!(calls(), [1, 0, 1]);
    }
}
