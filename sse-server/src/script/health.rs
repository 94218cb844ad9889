use crate::script::hook::Hook;

/// How the script is.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScriptHealth {
    /// The hook that has not given the thread back for five seconds: the server is not ready.
    pub stuck: Option<Hook>,
    /// How often the script was loaded: 1 after the start, one more at each reload and each rebuilding.
    pub generation: u64,
    /// How many bytes the state holds.
    pub memory: usize,
}
