//! Which core runs what: the server on the first, the load on the second.

use anyhow::Result;
use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
};

/// Two cores of those that this process may use.
#[derive(Clone, Copy, Debug)]
pub struct Cores {
    server: CpuSet,
    load: CpuSet,
    /// Whether they are two.
    pub apart: bool,
}

impl Cores {
    /// Takes the first two and moves this thread to the second.
    pub fn take() -> Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core));
        let first = cores.next().unwrap_or(0);
        let second = cores.next();
        let only = |core| {
            let mut set = CpuSet::new();
            set.set(core);
            set
        };
        let cores = Self {
            server: only(first),
            load: only(second.unwrap_or(first)),
            apart: second.is_some(),
        };
        sched_setaffinity(None, &cores.load)?;
        Ok(cores)
    }

    /// Runs something on the server's core: processes that it starts stay there.
    pub fn on_servers<T>(&self, run: impl FnOnce() -> T) -> Result<T> {
        sched_setaffinity(None, &self.server)?;
        let value = run();
        sched_setaffinity(None, &self.load)?;
        Ok(value)
    }
}

/// Lets this process and those that it starts open enough connections, if the system allows it.
pub fn raise_open_files() -> Result<()> {
    let limits = getrlimit(Resource::Nofile);
    let hard = limits.maximum.unwrap_or(u64::MAX);
    let limits = |maximum| Rlimit {
        current: Some(maximum),
        maximum: Some(maximum),
    };
    if hard >= ENOUGH || setrlimit(Resource::Nofile, limits(ENOUGH)).is_err() {
        setrlimit(Resource::Nofile, limits(hard))?;
    }
    Ok(())
}

const ENOUGH: u64 = 65_536;
