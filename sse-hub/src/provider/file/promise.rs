//! An answer that one thread waits for and another gives.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use crate::sync::{Mutex, lock};

/// The side that answers; dropping it is an answer as well.
#[derive(Debug)]
pub(super) struct Promise<T>(Arc<Mutex<State<T>>>);

/// The side that waits; `None` if there will be no answer.
#[derive(Debug)]
pub(super) struct Answer<T>(Arc<Mutex<State<T>>>);

#[derive(Debug)]
enum State<T> {
    Waiting(Option<Waker>),
    Given(T),
    Over,
}

pub(super) fn promise<T>() -> (Promise<T>, Answer<T>) {
    let state = Arc::new(Mutex::new(State::Waiting(None)));
    (Promise(Arc::clone(&state)), Answer(state))
}

impl<T> Promise<T> {
    pub(super) fn give(self, value: T) {
        self.settle(State::Given(value));
    }

    fn settle(&self, settled: State<T>) {
        let before = {
            let mut state = lock(&self.0);
            if !matches!(*state, State::Waiting(_)) {
                return;
            }
            std::mem::replace(&mut *state, settled)
        };
        if let State::Waiting(Some(waker)) = before {
            waker.wake();
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        self.settle(State::Over);
    }
}

impl<T> Future for Answer<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = lock(&self.0);
        match &mut *state {
            State::Waiting(waker) => {
                match waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    None => *waker = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
            _ => match std::mem::replace(&mut *state, State::Over) {
                State::Given(value) => Poll::Ready(Some(value)),
                _ => Poll::Ready(None),
            },
        }
    }
}
