use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use futures_core::Stream;
use sse_core::{EncodedEvent, End, Event, EventStream, StreamItem};

/// Counts how often it is woken.
#[derive(Default)]
pub(crate) struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Wakes {
    /// Returns the wakes since the last call.
    pub(crate) fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

/// What a poll gave, easy to compare.
pub(crate) type Polled = Poll<Option<Result<Bytes, &'static str>>>;

pub(crate) const PENDING: Polled = Poll::Pending;
pub(crate) const OVER: Polled = Poll::Ready(None);

pub(crate) fn sent(bytes: impl AsRef<[u8]>) -> Polled {
    Poll::Ready(Some(Ok(Bytes::copy_from_slice(bytes.as_ref()))))
}

/// Polls once, as a task that `wakes` counts the wakes of.
pub(crate) fn poll<S>(body: &mut S, wakes: &Arc<Wakes>) -> Poll<Option<S::Item>>
where
    S: Stream + Unpin,
{
    let task = Waker::from(Arc::clone(wakes));
    Pin::new(body).poll_next(&mut Context::from_waker(&task))
}

/// A stream that is written by hand, and counts its polls.
pub(crate) struct Script<T> {
    pub(crate) state: Arc<Mutex<State<T>>>,
}

pub(crate) struct State<T> {
    items: VecDeque<T>,
    ended: bool,
    waker: Option<Waker>,
    pub(crate) polls: usize,
    pub(crate) dropped: bool,
}

pub(crate) struct Writer<T>(Arc<Mutex<State<T>>>);

pub(crate) fn script<T>() -> (Writer<T>, Script<T>) {
    let state = State {
        items: VecDeque::new(),
        ended: false,
        waker: None,
        polls: 0,
        dropped: false,
    };
    let state = Arc::new(Mutex::new(state));
    (Writer(Arc::clone(&state)), Script { state })
}

impl<T> Writer<T> {
    pub(crate) fn write(&self, items: impl IntoIterator<Item = T>) {
        let mut state = self.0.lock().unwrap();
        state.items.extend(items);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    pub(crate) fn end(&self) {
        self.0.lock().unwrap().ended = true;
        self.write([]);
    }

    pub(crate) fn polls(&self) -> usize {
        self.0.lock().unwrap().polls
    }

    pub(crate) fn is_dropped(&self) -> bool {
        self.0.lock().unwrap().dropped
    }
}

impl<T> Stream for Script<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.state.lock().unwrap();
        state.polls += 1;
        match state.items.pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            None if state.ended => Poll::Ready(None),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Script<T> {
    fn drop(&mut self) {
        self.state.lock().unwrap().dropped = true;
    }
}

/// An event of exactly `len` bytes on the wire.
pub(crate) fn sized(len: usize) -> EncodedEvent {
    let event = Event::new("x".repeat(len - "data: \n\n".len())).encode();
    assert_eq!(event.len(), len);
    event
}

/// Takes all frames of a body whose stream is always ready.
pub(crate) fn frames<S>(body: EventStream<S>) -> Vec<Bytes>
where
    S: Stream<Item: StreamItem<Error = Infallible>> + Unpin,
{
    let mut body = body;
    let mut frames = Vec::new();
    loop {
        match poll(&mut body, &Arc::default()) {
            Poll::Ready(Some(Ok(frame))) => frames.push(frame),
            Poll::Ready(Some(Err(never))) => match never {},
            Poll::Ready(None) => return frames,
            Poll::Pending => panic!("pending after {frames:?}"),
        }
    }
}

/// What `on_end` was called with, all calls.
#[derive(Clone, Default)]
pub(crate) struct Ends(Arc<Mutex<Vec<End>>>);

impl Ends {
    pub(crate) fn handler(&self) -> impl FnOnce(End) + Send + 'static {
        let ends = self.clone();
        move |end| ends.0.lock().unwrap().push(end)
    }

    #[track_caller]
    pub(crate) fn assert(&self, reason: sse_core::EndReason, events: u64) {
        let ends = self.0.lock().unwrap();
        assert_eq!(ends.len(), 1, "{ends:?}");
        assert_eq!((ends[0].reason, ends[0].events), (reason, events));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().unwrap().is_empty()
    }
}

/// A stream that is never pending, unlike that of `tokio_stream::iter`.
pub(crate) struct Items<I>(I);

pub(crate) fn items<I: IntoIterator>(items: I) -> Items<I::IntoIter> {
    Items(items.into_iter())
}

impl<I: Iterator + Unpin> Stream for Items<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}
