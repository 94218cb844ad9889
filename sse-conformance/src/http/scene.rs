use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;
use tokio::sync::watch;

use super::{Failure, Item, Route, Script};

/// One scripted event stream, shared by the check that directs it and the server that plays it.
///
/// Steps are kept: every stream of a scene plays all of them from the first.
#[derive(Clone)]
pub struct Scene(Arc<Inner>);

/// One step of a scene: the events it makes at once, or an error.
pub type Step = Result<Vec<Item>, StepError>;

/// The error a scene's stream can yield.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StepError(String);

/// Why a response ended, as the server's `on_end` told it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// The client left.
    ClientGone,
    /// The stream yielded an error.
    Error,
    /// The stream came to its end.
    Finished,
    /// The server was asked to stop.
    Shutdown,
}

/// What the server has done with a scene so far.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Seen {
    /// Streams dropped.
    pub dropped: usize,
    /// Every call of `on_end`: the reason and the number of events handed over.
    pub ends: Vec<(Reason, u64)>,
    /// Frames that bodies have yielded, keep-alives included.
    pub frames: usize,
    /// The last event ID of every request.
    pub last_event_ids: Vec<Option<String>>,
    /// Streams built.
    pub opened: usize,
    /// Polls of all streams.
    pub polls: usize,
}

/// The stream of a scene; the server under test sends what it yields.
pub struct SceneStream {
    at: usize,
    key: usize,
    scene: Scene,
}

struct Inner {
    number: usize,
    script: Script,
    state: watch::Sender<State>,
}

#[derive(Default)]
struct State {
    finished: bool,
    seen: Seen,
    steps: Vec<Step>,
    wakers: HashMap<usize, Waker>,
}

impl Scene {
    pub(super) fn new(number: usize, script: Script) -> Self {
        Self(Arc::new(Inner {
            number,
            script,
            state: watch::Sender::default(),
        }))
    }

    /// Makes events exist: one step of one event, seen by every stream of the scene.
    pub fn send(&self, item: Item) {
        self.step(Ok(vec![item]));
    }

    /// Makes several events exist in one step; none is legal for [`Shape::Batch`](super::Shape).
    pub fn send_batch(&self, items: impl IntoIterator<Item = Item>) {
        self.step(Ok(items.into_iter().collect()));
    }

    /// Makes the stream yield an error.
    pub fn fail(&self, error: &str) {
        self.step(Err(StepError(error.to_owned())));
    }

    /// Ends the stream after the steps made so far.
    pub fn finish(&self) {
        self.wake(|state| state.finished = true);
    }

    /// Waits until the server has done something.
    ///
    /// # Errors
    ///
    /// A failure that names `what` if it has not happened after `limit`.
    pub async fn until(
        &self,
        what: &str,
        limit: Duration,
        happened: impl Fn(&Seen) -> bool,
    ) -> Result<Seen, Failure> {
        let mut changes = self.0.state.subscribe();
        let wait = changes.wait_for(|state| happened(&state.seen));
        match tokio::time::timeout(limit, wait).await {
            Ok(Ok(state)) => Ok(state.seen.clone()),
            Ok(Err(_)) => Err(Failure::new(format!("{what}: the scene is gone"))),
            Err(_) => Err(Failure::new(format!(
                "{what}: not after {limit:?}; {:?}",
                self.seen()
            ))),
        }
    }

    /// The path at which the server plays this scene, on a route.
    pub fn path(&self, route: Route) -> String {
        format!("{}/{}", route.path(), self.0.number)
    }

    /// What the server has done so far.
    pub fn seen(&self) -> Seen {
        self.0.state.borrow().seen.clone()
    }

    /// For the server: how to configure the response.
    pub fn script(&self) -> &Script {
        &self.0.script
    }

    /// For the server: builds the stream.
    pub fn stream(&self) -> SceneStream {
        let mut key = 0;
        self.note(|seen| {
            key = seen.opened;
            seen.opened += 1;
        });
        SceneStream {
            at: 0,
            key,
            scene: self.clone(),
        }
    }

    /// For the server: tells what its `on_end` was called with.
    pub fn ended(&self, reason: Reason, events: u64) {
        self.note(|seen| seen.ends.push((reason, events)));
    }

    /// For the server: tells that a body has yielded a frame.
    pub fn frame(&self) {
        self.note(|seen| seen.frames += 1);
    }

    /// For the server: tells the last event ID of a request.
    pub fn requested(&self, last_event_id: Option<&str>) {
        let last_event_id = last_event_id.map(str::to_owned);
        self.note(|seen| seen.last_event_ids.push(last_event_id));
    }

    fn step(&self, step: Step) {
        self.wake(|state| state.steps.push(step));
    }

    fn note(&self, change: impl FnOnce(&mut Seen)) {
        self.0.state.send_modify(|state| change(&mut state.seen));
    }

    fn wake(&self, change: impl FnOnce(&mut State)) {
        let mut wakers = HashMap::new();
        self.0.state.send_modify(|state| {
            change(state);
            wakers = std::mem::take(&mut state.wakers);
        });
        wakers.into_values().for_each(Waker::wake);
    }
}

impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scene")
            .field("number", &self.0.number)
            .finish_non_exhaustive()
    }
}

impl Stream for SceneStream {
    type Item = Step;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Step>> {
        let (at, key) = (self.at, self.key);
        let mut next = Poll::Pending;
        self.scene.0.state.send_modify(|state| {
            state.seen.polls += 1;
            next = match state.steps.get(at) {
                Some(step) => Poll::Ready(Some(step.clone())),
                None if state.finished => Poll::Ready(None),
                None => {
                    state.wakers.insert(key, cx.waker().clone());
                    Poll::Pending
                }
            };
        });
        self.at += usize::from(matches!(next, Poll::Ready(Some(_))));
        next
    }
}

impl Drop for SceneStream {
    fn drop(&mut self) {
        self.scene.note(|seen| seen.dropped += 1);
    }
}

impl fmt::Debug for SceneStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SceneStream")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StepError {}
