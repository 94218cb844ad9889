use std::fmt;

/// The functions of a script that the server calls.
#[expect(
    clippy::exhaustive_enums,
    reason = "a match over all hooks is what keeps their names and their bits together"
)]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Hook {
    /// Once before the server takes requests.
    Startup,
    /// Again and again, with a pause between two calls.
    Tick,
    /// Once for each message that is published over HTTP.
    Publish,
    /// Once for each connection, before its answer.
    Subscribe,
    /// Once for each connection, for what is sent first.
    Catchup,
    /// For each message and subscriber.
    Message,
    /// When a connection reached its greatest age.
    Timeout,
    /// Once for each connection that `subscribe` accepted.
    Unsubscribe,
    /// After another hook failed. Lua's own function of that name comes back once the script is loaded.
    Error,
    /// Before the state goes.
    Shutdown,
}

impl Hook {
    /// All hooks.
    pub const ALL: [Self; 10] = [
        Self::Startup,
        Self::Tick,
        Self::Publish,
        Self::Subscribe,
        Self::Catchup,
        Self::Message,
        Self::Timeout,
        Self::Unsubscribe,
        Self::Error,
        Self::Shutdown,
    ];

    /// Returns the name of the global function.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Tick => "tick",
            Self::Publish => "publish",
            Self::Subscribe => "subscribe",
            Self::Catchup => "catchup",
            Self::Message => "message",
            Self::Timeout => "timeout",
            Self::Unsubscribe => "unsubscribe",
            Self::Error => "error",
            Self::Shutdown => "shutdown",
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which hooks a script defines.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Hooks(u16);

impl Hooks {
    pub(crate) const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    pub(crate) fn insert(&mut self, hook: Hook) {
        self.0 |= 1 << hook as u8;
    }

    pub(crate) const fn contains(self, hook: Hook) -> bool {
        self.0 & (1 << hook as u8) != 0
    }

    pub(crate) const fn bits(self) -> u16 {
        self.0
    }
}
