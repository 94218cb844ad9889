use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

/// Where the hub takes the time from: the system, or a test.
///
/// Ages, limits and keep-alives follow a clock that never goes back; the wall clock only dates entries.
#[derive(Clone)]
pub struct Clock {
    source: Source,
}

#[derive(Clone)]
enum Source {
    System { start: Instant },
    Manual(Arc<Manual>),
}

#[derive(Default)]
struct Manual {
    now_millis: AtomicU64,
    unix_millis: AtomicU64,
}

impl Clock {
    /// The system's clocks.
    pub fn system() -> Self {
        Self {
            source: Source::System {
                start: Instant::now(),
            },
        }
    }

    /// A clock that stands still until it is moved.
    ///
    /// Moving it does nothing else, and a hub that follows it has no thread of its own, so that a test decides on each step:
    /// what is due, and what a provider tells of its own accord, waits for [`Hub::maintain`](crate::Hub::maintain).
    pub fn manual() -> Self {
        Self {
            source: Source::Manual(Arc::default()),
        }
    }

    /// Moves a manual clock forward; the system's clock does not listen.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(manual) = &self.source {
            let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
            manual.now_millis.fetch_add(millis, Ordering::AcqRel);
            manual.unix_millis.fetch_add(millis, Ordering::AcqRel);
        }
    }

    /// Sets a manual clock's wall time, in milliseconds since 1970; the system's clock does not listen.
    pub fn set_unix_millis(&self, millis: u64) {
        if let Source::Manual(manual) = &self.source {
            manual.unix_millis.store(millis, Ordering::Release);
        }
    }

    pub(crate) fn is_manual(&self) -> bool {
        matches!(self.source, Source::Manual(_))
    }

    pub(crate) fn now(&self) -> Duration {
        match &self.source {
            Source::System { start } => start.elapsed(),
            Source::Manual(manual) => {
                Duration::from_millis(manual.now_millis.load(Ordering::Acquire))
            }
        }
    }

    /// Milliseconds on the clock that never goes back.
    pub(crate) fn millis(&self) -> u64 {
        u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn unix_millis(&self) -> u64 {
        match &self.source {
            Source::System { .. } => SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .map_or(0, |since| {
                    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
                }),
            Source::Manual(manual) => manual.unix_millis.load(Ordering::Acquire),
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.source {
            Source::System { .. } => "Clock::system",
            Source::Manual(_) => "Clock::manual",
        })
    }
}
