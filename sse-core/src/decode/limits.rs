use core::{fmt, num::NonZeroUsize};

/// How much of one event a decoder takes, in bytes of wire input without line ends.
///
/// The same input is accepted or refused whatever the chunks that it comes in,
/// and a line that is too long is refused before its end has come, so that memory stays bounded.
///
/// ```
/// use std::num::NonZeroUsize;
/// use sse_core::{Limit, Limits};
///
/// let small = Limits::STRICT.line(NonZeroUsize::new(500).unwrap());
/// assert_eq!(small.get(Limit::Line), 500);
/// assert!(Limits::DEFAULT.checked(Limit::Event, -1).is_err());
/// ```
///
/// Shareable between threads: `Send + Sync`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Limits {
    pub(super) line: usize,
    pub(super) event: usize,
    pub(super) data_lines: usize,
    pub(super) id: usize,
    pub(super) event_type: usize,
    pub(super) stream: usize,
}

/// The name of one limit.
///
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Limit {
    /// Bytes of one line.
    Line,
    /// Bytes of all lines of one event, comments and unknown fields included.
    Event,
    /// Number of `data` lines of one event.
    DataLines,
    /// Bytes of an id.
    Id,
    /// Bytes of an event type.
    EventType,
    /// Bytes of the whole event stream, line ends included.
    Stream,
}

impl Limits {
    /// Room for what real services send: a line and an event of 16 MiB, since a whole document may come as one line;
    /// 65,536 `data` lines; an id and an event type of 4 KiB, since an id must fit a request header; no limit on the stream.
    pub const DEFAULT: Self = Self {
        line: 16 << 20,
        event: 16 << 20,
        data_lines: 65_536,
        id: 4 << 10,
        event_type: 4 << 10,
        stream: usize::MAX,
    };

    /// For publishers that are not trusted: a line of 8 KiB, an event of 64 KiB, 1,024 `data` lines,
    /// an id and an event type of 1 KiB.
    ///
    /// A comment line that no blank line follows belongs to the event that comes, and counts towards it:
    /// a publisher that keeps a silent stream alive for very long must close its comments.
    pub const STRICT: Self = Self {
        line: 8 << 10,
        event: 64 << 10,
        data_lines: 1024,
        id: 1 << 10,
        event_type: 1 << 10,
        stream: usize::MAX,
    };

    /// No limit at all: a peer can then make the decoder hold as much memory as it sends.
    pub const UNLIMITED: Self = Self {
        line: usize::MAX,
        event: usize::MAX,
        data_lines: usize::MAX,
        id: usize::MAX,
        event_type: usize::MAX,
        stream: usize::MAX,
    };

    /// Sets the limit on one line, in bytes.
    pub const fn line(self, max: NonZeroUsize) -> Self {
        self.with(Limit::Line, max)
    }

    /// Sets the limit on the lines of one event together, in bytes.
    pub const fn event(self, max: NonZeroUsize) -> Self {
        self.with(Limit::Event, max)
    }

    /// Sets the limit on the number of `data` lines of one event.
    pub const fn data_lines(self, max: NonZeroUsize) -> Self {
        self.with(Limit::DataLines, max)
    }

    /// Sets the limit on an id, in bytes.
    pub const fn id(self, max: NonZeroUsize) -> Self {
        self.with(Limit::Id, max)
    }

    /// Sets the limit on an event type, in bytes.
    pub const fn event_type(self, max: NonZeroUsize) -> Self {
        self.with(Limit::EventType, max)
    }

    /// Sets the limit on the whole event stream, in bytes; it ends decoding even where oversized events are skipped.
    pub const fn stream(self, max: NonZeroUsize) -> Self {
        self.with(Limit::Stream, max)
    }

    /// Sets one limit.
    pub const fn with(mut self, limit: Limit, max: NonZeroUsize) -> Self {
        let max = max.get();
        match limit {
            Limit::Line => self.line = max,
            Limit::Event => self.event = max,
            Limit::DataLines => self.data_lines = max,
            Limit::Id => self.id = max,
            Limit::EventType => self.event_type = max,
            Limit::Stream => self.stream = max,
        }
        self
    }

    /// Sets one limit from a number of unknown origin, such as a configuration file.
    ///
    /// # Errors
    ///
    /// [`InvalidLimit`], which names the limit, if the number is not at least 1 or does not fit.
    pub fn checked(self, limit: Limit, max: impl Into<i128>) -> Result<Self, InvalidLimit> {
        match usize::try_from(max.into()).ok().and_then(NonZeroUsize::new) {
            Some(max) => Ok(self.with(limit, max)),
            None => Err(InvalidLimit { limit }),
        }
    }

    /// Returns one limit; `usize::MAX` is none.
    pub const fn get(&self, limit: Limit) -> usize {
        match limit {
            Limit::Line => self.line,
            Limit::Event => self.event,
            Limit::DataLines => self.data_lines,
            Limit::Id => self.id,
            Limit::EventType => self.event_type,
            Limit::Stream => self.stream,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Line => "line",
            Self::Event => "event",
            Self::DataLines => "number of data lines",
            Self::Id => "id",
            Self::EventType => "event type",
            Self::Stream => "event stream",
        })
    }
}

/// A number that is no limit.
///
/// Shareable between threads: `Send + Sync`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidLimit {
    limit: Limit,
}

impl InvalidLimit {
    /// Returns the limit that was to be set.
    pub fn limit(&self) -> Limit {
        self.limit
    }
}

impl fmt::Display for InvalidLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the limit on the {} must be from 1 to {}",
            self.limit,
            usize::MAX
        )
    }
}

impl core::error::Error for InvalidLimit {}
