use metrics::{Counter, counter};

use crate::script::hook::Hook;

/// How often each hook was called, and how long they ran.
///
/// The handles are looked up once: a hook may be called for every delivery.
pub(crate) struct Tally {
    hooks: [Counters; Hook::ALL.len()],
}

struct Counters {
    calls: Counter,
    nanoseconds: Counter,
}

impl Tally {
    pub(crate) fn new() -> Self {
        let counters = |hook: Hook| Counters {
            calls: counter!("sse_server_script_calls_total", "hook" => hook.as_str()),
            nanoseconds: counter!("sse_server_script_nanoseconds_total", "hook" => hook.as_str()),
        };
        Self {
            hooks: Hook::ALL.map(counters),
        }
    }

    pub(crate) fn called(&self, hook: Hook) {
        self.hooks[hook as usize].calls.increment(1);
    }

    pub(crate) fn ran(&self, hook: Hook, time: std::time::Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.hooks[hook as usize].nanoseconds.increment(nanoseconds);
    }
}
