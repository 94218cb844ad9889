use std::{error::Error, fmt};

use crate::script::hook::Hook;

/// Why a script was not loaded, not started or not reloaded.
///
/// The message is meant for the operator and may hold a traceback; it is never sent to a client.
#[derive(Debug)]
pub struct ScriptError {
    kind: ScriptErrorKind,
    detail: String,
}

/// The kinds of [`ScriptError`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ScriptErrorKind {
    /// The file cannot be read.
    Read,
    /// The text is no Lua, or running it raised an error.
    Load,
    /// `startup` raised an error.
    Startup,
    /// The thread of the script does not answer.
    Unavailable,
}

impl ScriptError {
    pub(crate) fn new(kind: ScriptErrorKind, detail: impl fmt::Display) -> Self {
        Self {
            kind,
            detail: detail.to_string(),
        }
    }

    pub(crate) fn unavailable() -> Self {
        Self::new(ScriptErrorKind::Unavailable, "its thread has ended")
    }

    /// Returns the kind.
    pub fn kind(&self) -> ScriptErrorKind {
        self.kind
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ScriptErrorKind::Read => "the script cannot be read",
            ScriptErrorKind::Load => "the script cannot be loaded",
            ScriptErrorKind::Startup => "the script's startup failed",
            ScriptErrorKind::Unavailable => "the script does not answer",
        };
        write!(f, "{what}: {}", self.detail)
    }
}

impl Error for ScriptError {}

/// A hook that failed.
///
/// What it raised is in the log, beside [`id`](Self::id); it is not in this value, so that it cannot be sent to a client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HookError {
    hook: Hook,
    kind: HookErrorKind,
    id: String,
}

/// The kinds of [`HookError`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum HookErrorKind {
    /// It raised an error.
    Raised,
    /// What it returned cannot be used.
    Returned,
    /// It ran longer than it may.
    Time,
    /// The state holds more than it may; it is being rebuilt.
    Memory,
    /// The thread of the script is stuck or has ended.
    Unavailable,
}

impl HookError {
    pub(crate) fn new(hook: Hook, kind: HookErrorKind, id: String) -> Self {
        Self { hook, kind, id }
    }

    /// Returns the hook.
    pub fn hook(&self) -> Hook {
        self.hook
    }

    /// Returns the kind.
    pub fn kind(&self) -> HookErrorKind {
        self.kind
    }

    /// Returns the id under which the log has the whole error.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Tells whether the same request may succeed later: the script is over a budget, or busy.
    pub fn is_unavailable(&self) -> bool {
        match self.kind {
            HookErrorKind::Raised | HookErrorKind::Returned => false,
            HookErrorKind::Time | HookErrorKind::Memory | HookErrorKind::Unavailable => true,
        }
    }
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            HookErrorKind::Raised => "raised an error",
            HookErrorKind::Returned => "returned what cannot be used",
            HookErrorKind::Time => "ran for too long",
            HookErrorKind::Memory => "is out of memory",
            HookErrorKind::Unavailable => "cannot be called now",
        };
        write!(f, "the hook {} {what} (error {})", self.hook, self.id)
    }
}

impl Error for HookError {}
