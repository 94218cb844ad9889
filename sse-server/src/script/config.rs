use std::{path::PathBuf, time::Duration};

/// What a script is run with.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct ScriptConfig {
    /// The Lua file; it is read again at each reload.
    pub path: PathBuf,
    /// The pause between two calls of `tick`; 500 ms by default.
    pub tick: Duration,
    /// How long a hook may run, not counting what it waits for; one second by default, `None` is no limit.
    pub time_limit: Option<Duration>,
    /// How many bytes the state may hold; 256 MiB by default, `None` is no limit.
    pub memory_limit: Option<usize>,
    /// How long a request waits until its hook is called; then it is refused. Ten seconds by default.
    pub patience: Duration,
    /// What of the machine the script reaches.
    pub access: Access,
}

impl ScriptConfig {
    /// Returns the defaults for a file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            tick: Duration::from_millis(500),
            time_limit: Some(Duration::from_secs(1)),
            memory_limit: Some(256 << 20),
            patience: Duration::from_secs(10),
            access: Access::Sandboxed,
        }
    }

    /// Sets the pause between two calls of `tick`.
    pub fn tick(mut self, tick: Duration) -> Self {
        self.tick = tick;
        self
    }

    /// Sets how long a hook may run.
    pub fn time_limit(mut self, limit: Option<Duration>) -> Self {
        self.time_limit = limit;
        self
    }

    /// Sets how many bytes the state may hold.
    pub fn memory_limit(mut self, limit: Option<usize>) -> Self {
        self.memory_limit = limit;
        self
    }

    /// Sets how long a request waits until its hook is called.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets what of the machine the script reaches.
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }
}

/// What of the machine a script reaches.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Access {
    /// No programs, no removal of files, no C modules, no bytecode.
    #[default]
    Sandboxed,
    /// The whole of `os`, and `io.popen`.
    Os,
    /// Everything Lua has, C modules among it.
    Unsafe,
}
