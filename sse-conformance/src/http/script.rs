use std::ops::RangeInclusive;
use std::time::Duration;

/// How a fixture configures the event stream of one scene.
///
/// The default asks for nothing: the adapter's own defaults are then under test.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Script {
    /// Keep-alive of the response.
    pub keep_alive: KeepAlive,
    /// What an error in the stream does to the response.
    pub on_error: OnError,
    /// How the stream comes into the responder.
    pub opening: Opening,
    /// The item type of the stream given to the responder.
    pub shape: Shape,
    /// Whether the stream follows the server's shutdown.
    pub shutdown: Shutdown,
}

/// Keep-alive of a response.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum KeepAlive {
    /// What the adapter does when nothing is said.
    #[default]
    Default,
    /// A comment after this much silence.
    Every(Duration),
    /// None at all.
    Off,
}

/// What an error in the stream does to the response.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OnError {
    /// What the adapter does when nothing is said: the response is aborted.
    #[default]
    Default,
    /// The response ends as if the stream had finished.
    End,
    /// An event of type `failure` with the error's text as data is sent, then the response ends.
    Event,
}

/// How the stream comes into the responder.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Opening {
    /// Built in the handler.
    #[default]
    Eager,
    /// Built by a closure at the first poll.
    Lazy,
    /// Built in the handler, which waits for the first event and answers 503 if it is an error.
    AwaitFirst,
}

/// The item type of the stream given to the responder.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Shape {
    /// An encoded batch per step.
    Batch,
    /// An encoded event per step.
    Encoded,
    /// An event per step.
    #[default]
    Event,
}

/// Whether a stream follows the server's shutdown.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Shutdown {
    /// It ends when the server is asked to stop.
    #[default]
    Follow,
    /// It ends after a `retry` drawn from this range of milliseconds.
    FollowWithRetry(RangeInclusive<u64>),
    /// It knows of no shutdown.
    Ignore,
}
